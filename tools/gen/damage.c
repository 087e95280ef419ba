/* `spoor-gen damage`: a folder of evidence that is broken in known ways, and a table of what may be
 * expected of each.
 *
 * DIR/cases/ holds a file a case, numbered; DIR/expected.tsv says of each what it is, which of its
 * records stand whatever happens and which a good reader finds behind the fault. Record r of case c
 * has eventID dabadee0-CCCC-4000-8000-RRRRRRRRRRRR, in decimal, so answers can be compared. */
#include "damage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const verdicts[] = {"sound", "damaged", "rejected", "ignored", "conflict"};

static bool write_case(const DamageOptions *o, const Case *c, unsigned number, FILE *table) {
        Maker m = {.o = o, .number = number, .r = {rng_hash(o->seed, 700, number, 0)}};
        Buf path = {0};
        bool ok;

        buf_fmt(&path, "%s/cases/%s", o->out, c->file);
        /* One of an earlier run may be locked. */
        unlink(buf_cstr(&path));
        ok = !path.failed && c->make(&m) && !m.out.failed;
        if (!ok)
                fprintf(stderr, "spoor-gen: cannot make %s\n", c->file);
        if (ok && !c->bomb)
                ok = file_write(buf_cstr(&path), m.out.data, m.out.n);
        if (ok && strstr(c->file, "unreadable") && chmod(buf_cstr(&path), 0) < 0) {
                fprintf(stderr, "spoor-gen: cannot lock %s: %s\n", buf_cstr(&path),
                                strerror(errno));
                ok = false;
        }
        fprintf(table, "%s\t%04u\t%s\t", c->file, number, verdicts[c->verdict]);
        if (c->sure)
                fputs(c->sure, table);
        else if (m.n_sure)
                fprintf(table, "0-%u", m.n_sure - 1);
        fprintf(table, "\t%s\t%s\n", c->maybe ? c->maybe : "", c->what);
        buf_deinit(&path);
        buf_deinit(&m.out);
        return ok;
}

static bool write_cases(const DamageOptions *o, FILE *table) {
        unsigned number = 0;

        fputs("file\tcase\tverdict\tsure\tmaybe\twhat\n", table);
        for (size_t i = 0; i < n_damage_json_cases + n_damage_file_cases; i++) {
                const Case *c = i < n_damage_json_cases
                                                ? &damage_json_cases[i]
                                                : &damage_file_cases[i - n_damage_json_cases];

                number++;
                if (c->bomb && !o->bomb)
                        continue;
                if (!write_case(o, c, number, table))
                        return false;
        }
        return true;
}

/* Names that lead astray: a loop of folders, and a name that leads nowhere. */
static bool write_links(const DamageOptions *o, FILE *table) {
        static const char *const links[][2] = {
                        {"..", "loop/again"}, {"nothing-is-here.json", "dangling-link.json"}};
        Buf path = {0};
        bool ok = true;

        for (unsigned i = 0; ok && i < 2; i++) {
                buf_clear(&path);
                buf_fmt(&path, "%s/cases/%s", o->out, links[i][1]);
                unlink(buf_cstr(&path));
                ok = file_make_parents(buf_cstr(&path)) && !symlink(links[i][0], buf_cstr(&path));
                if (!ok)
                        fprintf(stderr, "spoor-gen: cannot link %s: %s\n", buf_cstr(&path),
                                        strerror(errno));
        }
        fputs("loop/again\t\tignored\t\t\ta link to the folder above: a walk that follows it comes "
              "back\n"
              "dangling-link.json\t\tignored\t\t\ta link to nothing\n",
                        table);
        buf_deinit(&path);
        return ok;
}

int damage_run(const DamageOptions *o) {
        Buf path = {0};
        FILE *table = NULL;
        bool ok;

        buf_fmt(&path, "%s/expected.tsv", o->out);
        ok = file_make_parents(buf_cstr(&path));
        if (ok)
                table = fopen(buf_cstr(&path), "we");
        if (!table)
                fprintf(stderr, "spoor-gen: cannot create %s: %s\n", buf_cstr(&path),
                                strerror(errno));
        ok = table && write_cases(o, table) && write_links(o, table);
        if (table && fclose(table)) {
                fprintf(stderr, "spoor-gen: cannot write %s\n", buf_cstr(&path));
                ok = false;
        }
        buf_deinit(&path);
        return ok ? 0 : 1;
}
