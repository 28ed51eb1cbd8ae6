/*
 * Checks a libclang: PROGRAM FILE VERSION. It must have this major version or a later one, and find the headers of its compiler.
 * Prints its version, or what is wrong. The build loads libclang in the same way.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in clang-c/CXString.h, which need not be installed. */
typedef struct {
    const void *data;
    unsigned flags;
} text;

struct unsaved {
    const char *name, *contents;
    unsigned long length;
};

int main(int count, char **arguments)
{
    const char *file = count > 2 ? arguments[1] : "", *version, *number, *code = "#include <stddef.h>\n";
    struct unsaved source = {"poolcounter.c", code, strlen(code)};
    const char *options[] = {""};
    void *library = dlopen(file, RTLD_NOW), *index, *unit = NULL;

    if (!library) {
        printf("%s cannot be loaded (%s)\n", file, dlerror());
        return 1;
    }
    text (*get_version)(void) = (text(*)(void))dlsym(library, "clang_getClangVersion");
    const char *(*get_text)(text) = (const char *(*)(text))dlsym(library, "clang_getCString");
    void *(*create)(int, int) = (void *(*)(int, int))dlsym(library, "clang_createIndex");
    int (*parse)(void *, const char *, const char *const *, int, struct unsaved *, unsigned, unsigned, void **) =
        (int (*)(void *, const char *, const char *const *, int, struct unsaved *, unsigned, unsigned, void **))dlsym(library, "clang_parseTranslationUnit2");
    unsigned (*problems)(void *) = (unsigned (*)(void *))dlsym(library, "clang_getNumDiagnostics");

    if (!get_version || !get_text || !create || !parse || !problems) {
        printf("%s is no libclang, or too old\n", file);
        return 1;
    }
    version = get_text(get_version());
    number = strstr(version, "version ");
    if (!number || atoi(number + strlen("version ")) < atoi(arguments[2])) {
        printf("%s is too old (%s)\n", file, version);
        return 1;
    }
    index = create(0, 0);
    if (parse(index, source.name, options, 0, &source, 1, 0, &unit) != 0 || problems(unit) != 0) {
        printf("%s does not find its header stddef.h\n", file);
        return 1;
    }
    printf("%s\n", version);
    return 0;
}
