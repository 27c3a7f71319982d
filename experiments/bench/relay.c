/* The same relay as experiments/dataplanes/built/relays/flannel_udp.py in C, with the same system calls: what Python is compared
 * with by `invoke bench --which relays`. It takes the same arguments and leaves out what a benchmark does not need (ICMP). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PORT = 8285, BURST = 64, MAX_ROUTES = 256 };

static struct { uint32_t net; struct sockaddr_in node; } routes[MAX_ROUTES];
static int route_count;
static unsigned char buffer[65536];

static int take_one_off_the_ttl(void)
{
    if (buffer[8] <= 1)
        return 0;
    buffer[8]--;
    uint32_t sum = ((uint32_t)buffer[10] << 8 | buffer[11]) + 0x100;
    sum = (sum & 0xffff) + (sum >> 16);
    buffer[10] = sum >> 8;
    buffer[11] = sum;
    return 1;
}

static void add_route(char *text)
{
    char *node = strchr(text, '='), *slash = strchr(text, '/');
    if (!node || !slash || route_count == MAX_ROUTES)
        exit(2);
    *slash = 0;
    routes[route_count].net = ntohl(inet_addr(text)) >> 8;
    routes[route_count].node = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT),
                                                    .sin_addr.s_addr = inet_addr(node + 1)};
    route_count++;
}

int main(int argc, char **argv)
{
    const char *tun_name = "", *address = "", *pid_file = "";
    size_t mtu = 1500;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--tun")) tun_name = argv[i + 1];
        else if (!strcmp(argv[i], "--address")) address = argv[i + 1];
        else if (!strcmp(argv[i], "--mtu")) mtu = strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--route")) add_route(argv[i + 1]);
        else if (!strcmp(argv[i], "--pid-file")) pid_file = argv[i + 1];
    }
    if (mtu > sizeof buffer)
        return 2;
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strncpy(request.ifr_name, tun_name, IFNAMSIZ - 1);
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = inet_addr(address)};
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) || udp < 0 || bind(udp, (void *)&own, sizeof own)) {
        perror("relay");
        return 1;
    }
    FILE *file = fopen(pid_file, "w");
    if (file) {
        fprintf(file, "%d", getpid());
        fclose(file);
    }
    struct pollfd ready[2] = {{.fd = tun, .events = POLLIN}, {.fd = udp, .events = POLLIN}};
    while (poll(ready, 2, -1) >= 0 || errno == EINTR) {
        for (int n = 0; n < BURST && ready[0].revents; n++) {
            ssize_t length = read(tun, buffer, mtu);
            if (length < 0) break;
            if (length < 20 || buffer[0] >> 4 != 4 || !take_one_off_the_ttl()) continue;
            uint32_t net = (uint32_t)buffer[16] << 16 | buffer[17] << 8 | buffer[18];
            for (int r = 0; r < route_count; r++)
                if (routes[r].net == net) {
                    sendto(udp, buffer, length, 0, (void *)&routes[r].node, sizeof routes[r].node);
                    break;
                }
        }
        for (int n = 0; n < BURST && ready[1].revents; n++) {
            ssize_t length = recv(udp, buffer, mtu, 0);
            if (length < 0) break;
            if (length >= 20 && buffer[0] >> 4 == 4 && take_one_off_the_ttl() && write(tun, buffer, length) < 0) continue;
        }
    }
    return 0;
}
