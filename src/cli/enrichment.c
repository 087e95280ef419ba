/* Enrichment: files read before any evidence is, and columns behind those of every table. */
#include "cli/enrichment.h"

#include "cli/message.h"

#include <string.h>

typedef int (*Add)(SpoorEnrichment *enrichment, const char *path, SpoorError *ret_error);

static const struct {
        CliFlagId flag;
        Add add;
} files[] = {
                {CLI_FLAG_GEOIP, spoor_enrichment_add_geoip},
                {CLI_FLAG_INDICATORS, spoor_enrichment_add_indicators},
                {CLI_FLAG_AWS_RANGES, spoor_enrichment_add_aws_ranges},
                {CLI_FLAG_CREDENTIAL_REPORT, spoor_enrichment_add_credential_report},
};

static const struct {
        const char *column;
        CliFlagId flag;
        const char *option;
} columns_of[] = {
                {"geo.country", CLI_FLAG_GEOIP, "--geoip FILE.mmdb"},
                {"geo.as", CLI_FLAG_GEOIP, "--geoip FILE.mmdb"},
                {"aws.range", CLI_FLAG_AWS_RANGES, "--aws-ranges FILE.json"},
                {"indicator", CLI_FLAG_INDICATORS, "--indicators FILE"},
};

#define N(array) (sizeof(array) / sizeof(*(array)))

static Add function_of(CliFlagId flag) {
        for (size_t i = 0; i < N(files); i++)
                if (files[i].flag == flag)
                        return files[i].add;
        return NULL;
}

/* In the order given: of several databases the first counts. */
int cli_enrichment_read(const CliArgs *args, SpoorEnrichment **ret_enrichment) {
        int r = 0;

        *ret_enrichment = NULL;
        for (size_t i = 0; i < args->n_settings && r == 0; i++) {
                const CliSetting *setting = &args->settings[i];
                Add add = function_of(setting->flag->id);
                SpoorError error = {""};

                if (!add)
                        continue;
                if (!*ret_enrichment)
                        r = spoor_enrichment_new(ret_enrichment);
                if (r == 0)
                        r = add(*ret_enrichment, setting->text, &error);
                if (r)
                        return error.message[0]
                                               ? cli_usage_error(args->command->name, "--%s: %s",
                                                                 setting->flag->name, error.message)
                                               : cli_fail(r, NULL);
        }
        return 0;
}

bool cli_enrichment_column(const char *name) {
        for (size_t i = 0; i < N(columns_of); i++)
                if (strcmp(columns_of[i].column, name) == 0)
                        return true;
        return false;
}

int cli_enrichment_check(const CliArgs *args, const char *name) {
        for (size_t i = 0; i < N(columns_of); i++)
                if (strcmp(columns_of[i].column, name) == 0 &&
                                !cli_args_has(args, columns_of[i].flag))
                        return cli_usage_error(args->command->name, "--columns: %s needs %s", name,
                                        columns_of[i].option);
        return 0;
}

int cli_enrichment_check_where(const CliArgs *args, const SpoorSelection *selection) {
        for (size_t i = 0; i < N(columns_of); i++)
                if (!cli_args_has(args, columns_of[i].flag) &&
                                spoor_selection_asks(selection, columns_of[i].column))
                        return cli_usage_error(args->command->name, "--where: %s needs %s",
                                        columns_of[i].column, columns_of[i].option);
        return 0;
}

size_t cli_enrichment_add(const SpoorRows *rows, const CliColumn *columns, size_t n_columns,
                CliColumn *ret_columns) {
        size_t n = n_columns;

        memcpy(ret_columns, columns, n_columns * sizeof(*columns));
        for (size_t cell = 0; cell < spoor_rows_n_columns(rows); cell++) {
                const char *name = spoor_rows_column(rows, cell);
                size_t i = 0;

                while (i < n && strcmp(ret_columns[i].name, name) != 0)
                        i++;
                if (i == n && n < n_columns + CLI_ENRICHMENT_MAX && cli_enrichment_column(name))
                        ret_columns[n++] = (CliColumn){.name = name, .cell = cell};
        }
        return n;
}
