/*
 * Preloaded into the server under test: notes, in order, everything that SQLite makes durable or means to, so that
 * disk.ts can say what a disk may hold after a power cut at any point; and makes single calls fail.
 *
 * RECORD_DIR    the data directory; what begins with "keyreeve.db" in it is recorded (not -shm, which is rebuilt)
 * RECORD_LOG    where to append the notes
 * RECORD_FAULT  "<op> <n> <errno> <times>": calls n, n+1 ... of that kind fail, so many of them
 *
 * A note: op (1 byte), file name (31 bytes, empty for the directory), offset, length (u64, this machine's order), data.
 * Ops: C created, U unlinked, W written, T truncated, S synced, O said (standard output); F a sync that failed, X any
 * other call that failed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *directory;
static int notes = -1;
static char fault_op;
static long fault_first, fault_errno, fault_times, fault_seen;

__attribute__((constructor)) static void start(void) {
  directory = getenv("RECORD_DIR");
  const char *path = getenv("RECORD_LOG"), *fault = getenv("RECORD_FAULT");
  if (!directory || !path) abort();
  notes = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (notes < 0) abort();
  if (fault) sscanf(fault, "%c %ld %ld %ld", &fault_op, &fault_first, &fault_errno, &fault_times);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The name to record the path under, or null for a path that is nobody's business. */
static const char *name_of(const char *path) {
  size_t length = strlen(directory);
  if (notes < 0 || strncmp(path, directory, length) != 0) return NULL;
  if (path[length] == 0) return "";
  const char *name = path + length + 1;
  if (path[length] != '/' || strncmp(name, "keyreeve.db", 11) != 0 || strlen(name) > 30) return NULL;
  return strstr(name, "-shm") || strstr(name, "(deleted)") ? NULL : name;
}

static const char *name_of_file(int file, char path[static 4096]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, 4095);
  if (length < 0) return NULL;
  path[length] = 0;
  return name_of(path);
}

static void put(const void *bytes, size_t length) {
  for (const char *next = bytes; length > 0;) {
    ssize_t done = syscall(SYS_write, notes, next, length);
    if (done <= 0) abort();
    next += done, length -= done;
  }
}

static void note(char op, const char *name, uint64_t offset, uint64_t length, const void *data) {
  char head[48] = {op};
  strncpy(head + 1, name, 30);
  memcpy(head + 32, &offset, 8);
  memcpy(head + 40, &length, 8);
  put(head, sizeof head);
  if (data) put(data, length);
}

/* Whether this call has to fail; then errno is set. */
static int fails(char op) {
  if (op != fault_op || ++fault_seen < fault_first || fault_seen >= fault_first + fault_times) return 0;
  errno = fault_errno;
  return 1;
}

/* The lock is held over call and note, so that the notes are in the order in which things happened. */
#define RECORDED(op, name, call, ...)                          \
  do {                                                         \
    pthread_mutex_lock(&lock);                                 \
    ssize_t result = fails(op) ? -1 : (ssize_t)(call);         \
    int error = errno;                                         \
    if (result >= 0) note(op, name, __VA_ARGS__);              \
    else note(op == 'S' ? 'F' : 'X', name, 0, 0, NULL);        \
    pthread_mutex_unlock(&lock);                               \
    errno = error;                                             \
    return result;                                             \
  } while (0)

#define OPEN(function)                                                                    \
  int function(const char *path, int flags, ...) {                                        \
    va_list rest;                                                                         \
    va_start(rest, flags);                                                                \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                             \
    va_end(rest);                                                                         \
    const char *name = name_of(path);                                                     \
    if (!name || !*name) return REAL(function)(path, flags, mode);                        \
    pthread_mutex_lock(&lock);                                                            \
    int is_new = flags & O_CREAT && access(path, F_OK) != 0;                              \
    int result = fails('C') ? -1 : REAL(function)(path, flags, mode);                     \
    int error = errno;                                                                    \
    if (result < 0) note('X', name, 0, 0, NULL);                                          \
    else if (is_new) note('C', name, 0, 0, NULL);                                         \
    pthread_mutex_unlock(&lock);                                                          \
    errno = error;                                                                        \
    return result;                                                                        \
  }
OPEN(open)
OPEN(open64)

int unlink(const char *path) {
  const char *name = name_of(path);
  if (!name || access(path, F_OK) != 0) return REAL(unlink)(path);
  RECORDED('U', name, REAL(unlink)(path), 0, 0, NULL);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
  char path[4096];
  const char *name = name_of_file(file, path);
  if (!name) return REAL(pwrite64)(file, data, length, offset);
  RECORDED('W', name, REAL(pwrite64)(file, data, length, offset), offset, result, data);
}

int ftruncate64(int file, off64_t length) {
  char path[4096];
  const char *name = name_of_file(file, path);
  if (!name) return REAL(ftruncate64)(file, length);
  RECORDED('T', name, REAL(ftruncate64)(file, length), length, 0, NULL);
}

#define SYNC(function)                                              \
  int function(int file) {                                          \
    char path[4096];                                                \
    const char *name = name_of_file(file, path);                    \
    if (!name) return REAL(function)(file);                         \
    RECORDED('S', name, REAL(function)(file), 0, 0, NULL);          \
  }
SYNC(fsync)
SYNC(fdatasync)

ssize_t write(int file, const void *data, size_t length) {
  if (file != STDOUT_FILENO || notes < 0) return REAL(write)(file, data, length);
  RECORDED('O', "", REAL(write)(file, data, length), 0, result, data);
}
