using Larder.Sources.Dumps;
using Larder.Sources.PostgreSql;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

[Trait("Kind", "server")]
public sealed class TableRestoreTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_table_can_be_replaced_with_all_that_is_its_own()
    {
        await using var made = await MakeFeaturesAsync();
        var before = await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation);
        await made.Server.ExecuteAsync(
            made.Database,
            """
            UPDATE big SET filling = '' WHERE n > 5; UPDATE circle_a SET b = NULL; DELETE FROM circle_b; ALTER TABLE big ADD later int; DROP INDEX people_tags;
            TRUNCATE odd."größe ""x"".y
            2"; DROP POLICY own ON secrets; TRUNCATE measures; TRUNCATE child;
            DROP MATERIALIZED VIEW by_mood, by_year; DROP VIEW adults; DELETE FROM people WHERE id > 150;
            """,
            Cancellation);
        string[] tables = ["people", "big", "circle_b", "secrets", "measures", "child", "no_columns", "empty", "unlogged"];
        string odd = ObjectName.Of(made.Database, "odd", "größe \"x\".y\n2");
        var outcome = await made.RunAsync(
            made.Request(mayReplace: true) with { Entries = [.. tables.Select(table => $"{made.Database}.public.{table}"), odd] }, Cancellation);

        Assert.Empty(outcome.Warnings);
        await made.Server.ExecuteAsync(
            made.Database,
            """
            CREATE VIEW adults AS SELECT id, name FROM people WHERE born < '2003-01-01' WITH CHECK OPTION;
            CREATE MATERIALIZED VIEW by_mood AS SELECT mood, count(*) FROM people GROUP BY mood;
            CREATE MATERIALIZED VIEW by_year AS SELECT extract(year FROM born) FROM people WITH NO DATA;
            CREATE UNIQUE INDEX ON by_mood (mood);
            """,
            Cancellation);
        Assert.Equal(Sorted(before), Sorted(await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation)));
        Assert.Equal(3103L, await made.Server.ScalarAsync(
            made.Database, "INSERT INTO people (name) VALUES ('next') RETURNING id", Cancellation));
    }

    [Fact]
    public async Task A_table_that_is_there_is_replaced_only_when_it_may_be_and_no_view_needs_it()
    {
        await using var made = await MakeFeaturesAsync();
        var restore = made.Restore();
        var people = made.Request() with { Entries = [$"{made.Database}.public.people"] };
        Assert.Contains((await restore.PlanAsync(made.Dump, people, Cancellation)).Refusals, text => text.Contains("is there.", StringComparison.Ordinal));
        var allowed = await restore.PlanAsync(made.Dump, people with { MayReplace = true }, Cancellation);
        Assert.Contains(allowed.Refusals, text => text.Contains("public.adults", StringComparison.Ordinal) && text.Contains("public.by_mood", StringComparison.Ordinal));
        await Assert.ThrowsAsync<SourceException>(() => restore.RestoreAsync(made.Dump, allowed, _ => { }, Cancellation));
        var unknown = await restore.PlanAsync(made.Dump, made.Request() with { Entries = ["nothing.public.x"] }, Cancellation);
        Assert.Contains("nothing.public.x", Assert.Single(unknown.Refusals), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_alone_replace_rows_whatever_refers_to_what_and_fire_no_trigger()
    {
        await using var made = await MakeFeaturesAsync();
        var before = await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation);
        await made.Server.ExecuteAsync(
            made.Database,
            "UPDATE circle_a SET b = NULL; DELETE FROM circle_b; DELETE FROM circle_a; UPDATE people SET name = 'x'; DELETE FROM big; SELECT lo_put(70001, 0, 'B')",
            Cancellation);
        var request = made.Request() with { Part = DumpPart.Data };
        var refused = await made.Restore().PlanAsync(made.Dump, request, Cancellation);
        Assert.Contains(refused.Refusals, text => text.Contains("rows already", StringComparison.Ordinal));

        var outcome = await made.RunAsync(request with { MayReplace = true }, Cancellation);
        Assert.Equal(
            made.Outcome.Entries.Where(entry => entry.Kind == "table").Select(entry => (entry.Name, entry.Fingerprint)).Order(),
            outcome.Entries.Select(entry => (entry.Name, entry.Fingerprint)).Order());
        Assert.Equal(before, await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation));
        Assert.Equal("a large object"u8.ToArray(), await made.Server.ScalarAsync(made.Database, "SELECT lo_get(70001)", Cancellation));
    }

    [Fact]
    public async Task A_table_alone_makes_a_new_database_with_what_it_needs()
    {
        await using var made = await MakeFeaturesAsync();
        var target = made.Database + "_one";
        await made.RunAsync(made.Request(target) with { Entries = [$"{made.Database}.public.people", $"{made.Database}.public.circle_b"] }, Cancellation);
        Assert.Equal(3003L, await made.Server.ScalarAsync(target, "SELECT count(*) FROM people", Cancellation));
        Assert.Equal(2L, await made.Server.ScalarAsync(
            target, "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace", Cancellation));
    }

    [Fact]
    public async Task A_row_that_others_refer_to_and_that_would_be_gone_fails_and_leaves_all_as_it_was()
    {
        await using var made = await RestoreCase.MakeAsync(
            await shared.GetAsync(Cancellation),
            shared.NameDatabase("keys"),
            "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)",
            Cancellation);
        await made.Server.ExecuteAsync(made.Database, "INSERT INTO a VALUES (2); INSERT INTO b VALUES (2)", Cancellation);
        var request = made.Request(mayReplace: true) with { Entries = [$"{made.Database}.public.a"] };
        var error = await Assert.ThrowsAsync<SourceException>(() => made.RunAsync(request, Cancellation));
        Assert.Contains("The foreign key b_a_fkey of public.b does not hold", error.Message, StringComparison.Ordinal);
        Assert.Equal(2L, await made.Server.ScalarAsync(made.Database, "SELECT count(*) FROM a", Cancellation));
        Assert.Equal(1L, await made.Server.ScalarAsync(
            made.Database, "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated", Cancellation));

        await made.Server.ExecuteAsync(made.Database, "DELETE FROM b WHERE a = 2", Cancellation);
        await made.RunAsync(request, Cancellation);
        Assert.Equal(1L, await made.Server.ScalarAsync(made.Database, "SELECT count(*) FROM a", Cancellation));
    }

    private async Task<RestoreCase> MakeFeaturesAsync() => await RestoreCase.MakeAsync(
        await shared.GetAsync(Cancellation),
        shared.NameDatabase("tables"),
        (server, database) => FeatureDatabase.MakeAsync(server, database, Cancellation),
        Cancellation);

    /// <summary>What is made anew comes later in the next dump, so only the lines themselves are compared.</summary>
    private static List<string> Sorted(string schema) =>
    [
        .. schema.Split('\n').Where(line => line.Length > 0 && !line.StartsWith("--", StringComparison.Ordinal)
            && !line.StartsWith("SET default_table_access_method", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];
}
