/* The parser, the table it reads, lists, and where output may go. */
#include "cli/flags.h"
#include "cli/list.h"
#include "cli/output.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof(*(array)))

static int parse(const char *command, const char *line, CliArgs *ret_args, SpoorError *error) {
        static char storage[1024]; /* the args point into it */
        static const char *argv[32];
        size_t n = 0;

        (void)snprintf(storage, sizeof(storage), "%s", line);
        for (char *word = strtok(storage, " "); word && n < N(argv); word = strtok(NULL, " "))
                argv[n++] = word;
        return cli_args_parse(cli_command_find(command), n, argv, ret_args, error);
}

static void test_accepts(void **state) {
        CliArgs args;
        SpoorError error;

        (void)state;
        assert_int_equal(parse("timeline",
                                         "a --key K1 --key=K2 -n5 b --max-record 16m --read - -- "
                                         "--x",
                                         &args, &error),
                        0);
        assert_int_equal(args.n_operands, 4);
        assert_string_equal(args.operands[0], "a");
        assert_string_equal(args.operands[2], "-");
        assert_string_equal(args.operands[3], "--x");
        assert_int_equal(args.n_settings, 5);
        assert_string_equal(args.settings[0].text, "K1");
        assert_string_equal(args.settings[1].text, "K2");
        assert_int_equal(cli_args_number(&args, CLI_FLAG_LIMIT, 9), 5);
        assert_int_equal(cli_args_number(&args, CLI_FLAG_MAX_RECORD, 9), 16 << 20);
        assert_int_equal(cli_args_number(&args, CLI_FLAG_THREADS, 9), 9);
        assert_true(cli_args_has(&args, CLI_FLAG_READ));
        assert_false(cli_args_has(&args, CLI_FLAG_WRITE));
        assert_string_equal(cli_args_text(&args, CLI_FLAG_FORMAT, "table"), "table");
        cli_args_deinit(&args);

        assert_int_equal(parse("index", "-o x.case --threads 2 logs", &args, &error), 0);
        assert_string_equal(cli_args_text(&args, CLI_FLAG_OUTPUT, NULL), "x.case");
        cli_args_deinit(&args);

        assert_int_equal(parse("timeline", "--output - --key=--odd a", &args, &error), 0);
        assert_string_equal(cli_args_text(&args, CLI_FLAG_KEY, NULL), "--odd");
        cli_args_deinit(&args);

        assert_int_equal(parse("timeline", "--help --bogus", &args, &error), 0);
        assert_true(cli_args_has(&args, CLI_FLAG_HELP));
        cli_args_deinit(&args);
}

static void test_refuses(void **state) {
        static const struct {
                const char *command, *line, *says;
        } cases[] = {
                        {"timeline", "--foo", "unknown option --foo (did you mean --from?)"},
                        {"timeline", "--princ x",
                                        "unknown option --princ (did you mean --principal?)"},
                        {"timeline", "--zzzzzzzz", "unknown option --zzzzzzzz"},
                        {"timeline", "-x", "unknown option -x"},
                        {"info", "--key K",
                                        "--key is an option of timeline, first-use, top, lateral, "
                                        "profile, standing, taken, checklist, report"},
                        {"top", "--since 2020-01-01", "--since is an option of first-use"},
                        {"timeline", "--key", "--key needs a value: KEY"},
                        {"timeline", "--key --ip 1",
                                        "--key needs a value; '--ip' would be given as "
                                        "--key=--ip"},
                        {"timeline", "--key=", "--key is empty"},
                        {"timeline", "--read=yes", "--read takes no value"},
                        {"timeline", "--from 1 --from 2", "--from is given twice"},
                        {"timeline", "--limit 1 -n 2", "--limit is given twice"},
                        {"timeline", "--limit -1", "--limit takes a number, not '-1'"},
                        {"timeline", "--limit +1", "--limit takes a number, not '+1'"},
                        {"timeline", "--limit 0x10", "--limit takes a number, not '0x10'"},
                        {"timeline", "--limit 99999999999999999999",
                                        "--limit takes a number, not '99999999999999999999'"},
                        {"timeline", "--limit=", "--limit takes a number, not ''"},
                        {"timeline", "--threads 0", "--threads is from 1 to 1024, not 0"},
                        {"timeline", "--max-record 16MB",
                                        "--max-record takes a size such as 16M, not '16MB'"},
                        {"timeline", "--max-record 99999999999G",
                                        "--max-record takes a size such as 16M, not "
                                        "'99999999999G'"},
                        {"timeline", "--max-record 4G",
                                        "--max-record is from 1 to 4294967295, not 4G"},
                        {"timeline", "--outcome sucess",
                                        "--outcome takes success|denied|failure, not 'sucess'"},
                        {"info", "--format dot",
                                        "--format takes table|tsv|csv|json|jsonl, not 'dot'"},
                        {"timeline", "--format tab",
                                        "--format takes table|tsv|csv|json|jsonl, not 'tab'"},
        };

        (void)state;
        for (size_t i = 0; i < N(cases); i++) {
                SpoorError error;
                CliArgs args;

                assert_int_equal(
                                parse(cases[i].command, cases[i].line, &args, &error), CLI_E_USAGE);
                assert_string_equal(error.message, cases[i].says);
        }
}

/* Names and letters are unambiguous within each command, and every row is whole. */
static void test_table(void **state) {
        const CliFlag *a, *b;
        SpoorDim dim;

        (void)state;
        for (size_t i = 0; (a = cli_flag_at(i)); i++) {
                assert_non_null(a->help);
                assert_non_null(a->manual);
                assert_int_equal(a->argument != NULL, a->kind != CLI_VALUE_NONE);
                assert_int_equal(a->choices != NULL, a->kind == CLI_VALUE_CHOICE);
                if (a->dim)
                        assert_int_equal(spoor_dim_parse(a->name, &dim), 0);
                for (size_t j = 0; j < i; j++) {
                        b = cli_flag_at(j);
                        if (!(a->on & b->on))
                                continue;
                        assert_string_not_equal(a->name, b->name);
                        assert_false(a->letter && a->letter == b->letter);
                        assert_int_not_equal(a->id, b->id);
                }
        }
        for (dim = 0; dim < SPOOR_N_DIMS; dim++)
                assert_true(cli_dim_help(dim)[0]);
}

static void test_generated(void **state) {
        CliBuffer man = CLI_BUFFER_INIT, bash = CLI_BUFFER_INIT, help = CLI_BUFFER_INIT;
        const CliCommand *command;
        const CliFlag *flag;

        (void)state;
        cli_generate_man(&man);
        cli_generate_bash(&bash);
        for (size_t i = 0; (command = cli_command_at(i)); i++)
                cli_help_command(command, &help);
        for (size_t i = 0; (flag = cli_flag_at(i)); i++) {
                char option[64];

                (void)snprintf(option, sizeof(option), "--%s", flag->name);
                assert_non_null(strstr(cli_buffer_cstr(&bash), option));
                if (flag->on & CLI_ON_COMMANDS)
                        assert_non_null(strstr(cli_buffer_cstr(&help), option));
        }
        assert_non_null(strstr(cli_buffer_cstr(&man), "\\-\\-max\\-record"));
        cli_buffer_deinit(&man);
        cli_buffer_deinit(&bash);
        cli_buffer_deinit(&help);
}

static void test_list(void **state) {
        SpoorError error;
        CliList list;

        (void)state;
        assert_int_equal(cli_list_split("--by", "ip, key ,a.b", &list, &error), 0);
        assert_int_equal(list.n_items, 3);
        assert_string_equal(list.items[1], "key");
        assert_true(cli_list_has(&list, "a.b"));
        assert_false(cli_list_has(&list, "a"));
        cli_list_deinit(&list);
        assert_int_equal(cli_list_split("--by", "", &list, &error), CLI_E_USAGE);
        assert_int_equal(cli_list_split("--by", "ip,", &list, &error), CLI_E_USAGE);
        assert_int_equal(cli_list_split("--by", ",ip", &list, &error), CLI_E_USAGE);
        assert_int_equal(cli_list_split("--by", "ip,,key", &list, &error), CLI_E_USAGE);
        assert_string_equal(error.message, "--by: an empty name in 'ip,,key'");
        assert_int_equal(cli_list_split("--by", "ip,ip", &list, &error), CLI_E_USAGE);
        assert_string_equal(error.message, "--by: 'ip' stands twice");
}

static void make_file(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT, 0600);

        assert_true(fd >= 0);
        (void)close(fd);
}

static void test_output_check(void **state) {
        char dir[] = "/tmp/spoor-test-flags.XXXXXX";
        const char *sources[] = {"logs", "one.json"};
        SpoorError error;
        int cwd = open(".", O_RDONLY | O_DIRECTORY);

        (void)state;
        assert_non_null(mkdtemp(dir));
        assert_int_equal(chdir(dir), 0);
        assert_int_equal(mkdir("logs", 0700), 0);
        assert_int_equal(mkdir("logs-out", 0700), 0);
        make_file("one.json");
        assert_int_equal(symlink("one.json", "link"), 0);
        assert_int_equal(link("one.json", "hard"), 0);
        assert_int_equal(symlink("logs", "way"), 0);

        assert_int_equal(cli_output_check("out", sources, N(sources), &error), 0);
        assert_int_equal(cli_output_check("logs-out/x", sources, N(sources), &error), 0);
        assert_int_equal(cli_output_check("/dev/null", sources, N(sources), &error), 0);
        assert_int_equal(cli_output_check("one.json", sources, N(sources), &error), CLI_E_USAGE);
        assert_int_equal(cli_output_check("link", sources, N(sources), &error), CLI_E_USAGE);
        assert_int_equal(cli_output_check("hard", sources, N(sources), &error), CLI_E_USAGE);
        assert_int_equal(cli_output_check("logs", sources, N(sources), &error), CLI_E_USAGE);
        assert_int_equal(cli_output_check("logs/new", sources, N(sources), &error), CLI_E_USAGE);
        assert_int_equal(cli_output_check("way/new", sources, N(sources), &error), CLI_E_USAGE);
        assert_int_equal(cli_output_check("no/new", sources, N(sources), &error), CLI_E_USAGE);

        assert_int_equal(unlink("link") | unlink("hard") | unlink("way") | unlink("one.json"), 0);
        assert_int_equal(rmdir("logs") | rmdir("logs-out") | fchdir(cwd) | rmdir(dir), 0);
        (void)close(cwd);
}

/* A file appears whole or not at all. */
static void test_output_file(void **state) {
        char dir[] = "/tmp/spoor-test-flags.XXXXXX", path[64];
        CliOutput output;
        struct stat st;

        (void)state;
        assert_non_null(mkdtemp(dir));
        (void)snprintf(path, sizeof(path), "%s/out", dir);
        assert_int_equal(cli_output_open(path, &output), 0);
        cli_output_write(&output, "half", 4);
        cli_output_deinit(&output);
        assert_int_not_equal(stat(path, &st), 0);
        assert_int_equal(cli_output_open(path, &output), 0);
        for (size_t i = 0; i < 100000; i++)
                cli_output_write(&output, "whole", 5);
        assert_int_not_equal(stat(path, &st), 0);
        assert_int_equal(cli_output_finish(&output), 0);
        cli_output_deinit(&output);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 500000);
        assert_int_equal(unlink(path) | rmdir(dir), 0); /* and nothing beside it */
        assert_int_equal(cli_output_open("/dev/full", &output), 0);
        cli_output_write(&output, "x", 1);
        assert_true(cli_output_finish(&output) < 0);
        cli_output_deinit(&output);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_accepts),
                        cmocka_unit_test(test_refuses),
                        cmocka_unit_test(test_table),
                        cmocka_unit_test(test_generated),
                        cmocka_unit_test(test_list),
                        cmocka_unit_test(test_output_check),
                        cmocka_unit_test(test_output_file),
        };

        return cmocka_run_group_tests_name("cli-flags", tests, NULL, NULL);
}
