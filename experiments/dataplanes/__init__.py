"""Data planes: how a mode moves packets. One recipe a CNI, which runs on any lab that gives it nodes."""
