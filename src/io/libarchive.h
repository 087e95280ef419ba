/* What is used of libarchive; private to the io floor. Loaded with the first archive. */
#ifndef IO_LIBARCHIVE_H
#define IO_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include "base/library.h"

#define LIBARCHIVE_NAME "libarchive.so.13"

#define LIBARCHIVE_FUNCTIONS(F)                                                                    \
        F(archive_read_new)                                                                        \
        F(archive_read_free)                                                                       \
        F(archive_read_support_format_tar)                                                         \
        F(archive_read_support_format_zip_streamable)                                              \
        F(archive_read_support_format_zip_seekable)                                                \
        F(archive_read_support_format_7zip)                                                        \
        F(archive_read_support_format_raw)                                                         \
        F(archive_read_support_format_empty)                                                       \
        F(archive_read_support_filter_compress)                                                    \
        F(archive_read_append_filter)                                                              \
        F(archive_read_set_format_option)                                                          \
        F(archive_read_set_read_callback)                                                          \
        F(archive_read_set_skip_callback)                                                          \
        F(archive_read_set_seek_callback)                                                          \
        F(archive_read_set_callback_data)                                                          \
        F(archive_read_open1)                                                                      \
        F(archive_read_next_header)                                                                \
        F(archive_read_data_block)                                                                 \
        F(archive_filter_bytes)                                                                    \
        F(archive_filter_code)                                                                     \
        F(archive_errno)                                                                           \
        F(archive_error_string)                                                                    \
        F(archive_set_error)                                                                       \
        F(archive_entry_filetype)                                                                  \
        F(archive_entry_hardlink)                                                                  \
        F(archive_entry_size)                                                                      \
        F(archive_entry_pathname)                                                                  \
        F(archive_entry_pathname_utf8)                                                             \
        F(archive_entry_is_data_encrypted)

typedef struct LibArchive {
#define LIBARCHIVE_MEMBER(name) __typeof__(name) *name;
        LIBARCHIVE_FUNCTIONS(LIBARCHIVE_MEMBER)
} LibArchive;

static inline int libarchive_load(LibArchive *ret) {
        static const char *const names[] = {
#define LIBARCHIVE_NAME_OF(name) #name,
                        LIBARCHIVE_FUNCTIONS(LIBARCHIVE_NAME_OF)};

        return library_load(LIBARCHIVE_NAME, names, sizeof(names) / sizeof(names[0]), ret);
}

#endif
