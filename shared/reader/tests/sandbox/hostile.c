// pdfium's functions in a hostile implementation: see confined.rs, which fills in CODE and LOADED.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static char said[512] = "tried";
static char path[64];
static char eight[8];
static struct iovec piece = {eight, 8};
static struct rlimit limit;

#define TRY(name, outcome) \
    do { \
        if ((outcome) != -1 && !strstr(said, " " name)) strcat(said, " " name); \
    } while (0)

static int tcp(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}

static int unix_socket(const char *place) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, place, sizeof to.sun_path - 1);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}

__attribute__((constructor)) static void loaded(void) {
    LOADED
}

void *FPDF_LoadMemDocument64(void) {
    CODE
    return said;
}

void *FPDF_InitLibraryWithConfig(void) { return 0; }
void *FPDF_CloseDocument(void) { return 0; }
int FPDF_GetPageCount(void) { return 1; }
void *FPDF_LoadPage(void) { return said; }
void *FPDF_ClosePage(void) { return 0; }
float FPDF_GetPageWidthF(void) { return 600; }
float FPDF_GetPageHeightF(void) { return 800; }
int FPDF_PageToDevice(void) { return 0; }
void *FPDFText_LoadPage(void) { return said; }
void *FPDFText_ClosePage(void) { return 0; }
int FPDFText_CountChars(void) { return strlen(said); }
unsigned FPDFText_GetUnicode(void *page, int index) { return said[index]; }
int FPDFText_IsGenerated(void) { return 0; }
int FPDFText_IsHyphen(void) { return 0; }
int FPDFText_HasUnicodeMapError(void) { return 0; }
int FPDFText_GetLooseCharBox(void) { return 0; }
