/*
 * A disk that fails on demand, for test/alone/machine.test.ts: cc -shared -fPIC -o failing-disk.so failing-disk.c -ldl
 *
 * LD_PRELOAD puts it before the C library. While the file $FAILING_DISK exists, every write to a regular file and every
 * fsync ends with the error whose number is in it. Reads, sockets and pipes go on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* 0: the disk is well. */
static int fault_of(int fd) {
  const char *path = getenv("FAILING_DISK");
  struct stat about;
  int number = 0;
  if (path == NULL || access(path, F_OK) != 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%d", &number) != 1) number = 0;
  fclose(file);
  return number;
}

#define FAIL_ON(fd)              \
  do {                           \
    int fault = fault_of(fd);    \
    if (fault != 0) {            \
      errno = fault;             \
      return -1;                 \
    }                            \
  } while (0)
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *from, size_t count) { FAIL_ON(fd); return NEXT(write)(fd, from, count); }
ssize_t writev(int fd, const struct iovec *from, int count) { FAIL_ON(fd); return NEXT(writev)(fd, from, count); }
ssize_t pwrite(int fd, const void *from, size_t count, off_t at) { FAIL_ON(fd); return NEXT(pwrite)(fd, from, count, at); }
ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at) {
  FAIL_ON(fd);
  return NEXT(pwrite64)(fd, from, count, at);
}
int fsync(int fd) { FAIL_ON(fd); return NEXT(fsync)(fd); }
int fdatasync(int fd) { FAIL_ON(fd); return NEXT(fdatasync)(fd); }
