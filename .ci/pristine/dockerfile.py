def follow(project): raise NotImplementedError
