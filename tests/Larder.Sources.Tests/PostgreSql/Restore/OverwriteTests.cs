using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.PostgreSql;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

/// <summary>Restores that replace in place, beside by another name, or keep what the live database says of itself.</summary>
[Trait("Kind", "server")]
public sealed class OverwriteTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_place_everything_becomes_as_it_was_in_one_transaction_or_nothing_does()
    {
        await using var made = await MakeFeaturesAsync();
        var before = await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation);
        await made.Server.ExecuteAsync(
            made.Database,
            "DROP TABLE big; CREATE SCHEMA later; CREATE TABLE later.t (a int); UPDATE people SET name = 'x'; SELECT lo_from_bytea(90000, 'later')",
            Cancellation);
        var damaged = await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation);
        var request = made.Request(mayReplace: true) with { Overwrites = true };
        var plan = await made.Restore().PlanAsync(made.Dump, request, Cancellation);
        Assert.Null(plan.Exchange);
        Assert.Equal([made.Database], plan.Replaced);
        Assert.Contains(plan.Steps, step => step.Contains("is dropped, in the transaction", StringComparison.Ordinal));

        var wrong = made.Outcome.Entries
            .Select(entry => entry.Name.EndsWith(".people", StringComparison.Ordinal) ? entry with { Fingerprint = new Fingerprint(3003, 7) } : entry)
            .ToList();
        await Assert.ThrowsAsync<SourceException>(() => made.RunAsync(request with { Recorded = wrong }, Cancellation));
        Assert.Equal(damaged, await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation));

        var outcome = await made.RunAsync(request, Cancellation);
        Assert.Equal(before, await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation));
        Assert.Equal(
            made.Outcome.Entries.Where(entry => entry.Kind == "table").Select(entry => (entry.Name, entry.Fingerprint)).Order(),
            outcome.Entries.Select(entry => (entry.Name, entry.Fingerprint)).Order());
        Assert.Equal(4L, await made.Server.ScalarAsync(made.Database, "SELECT count(*) FROM pg_largeobject_metadata", Cancellation));
    }

    [Fact]
    public async Task In_place_does_who_may_create_no_database_and_has_few_connections()
    {
        var server = await shared.GetAsync(Cancellation);
        var name = shared.NameDatabase("modest_place");
        await server.ExecuteAsync("postgres", $"CREATE ROLE {name} LOGIN PASSWORD 'x' CONNECTION LIMIT 3", Cancellation);
        await using var made = await RestoreCase.MakeAsync(
            server,
            name,
            async (server, database) =>
            {
                await server.CreateDatabaseAsync(database, Cancellation, $"OWNER {name}");
                await server.ExecuteAsync(
                    database, $"SET ROLE {name}; CREATE SCHEMA s; CREATE TABLE s.t (a serial PRIMARY KEY); INSERT INTO s.t DEFAULT VALUES", Cancellation);
            },
            Cancellation);
        await server.ExecuteAsync(name, $"SET ROLE {name}; INSERT INTO s.t DEFAULT VALUES; CREATE TABLE public.more (a int)", Cancellation);
        var restore = made.Restore(settings: new PostgreSqlSettings { Url = server.Url(name, name, "x") });
        var beside = await restore.PlanAsync(made.Dump, made.Request(mayReplace: true) with { Jobs = 8 }, Cancellation);
        Assert.Contains(beside.Refusals, text => text.Contains("--in-place", StringComparison.Ordinal));
        Assert.Contains(beside.Refusals, text => text.Contains("needs 18 connections", StringComparison.Ordinal));

        await made.RunAsync(restore, made.Request(mayReplace: true) with { Overwrites = true, Jobs = 8 }, Cancellation);
        Assert.Equal(1L, await server.ScalarAsync(name, "SELECT count(*) FROM s.t", Cancellation));
        Assert.Equal(DBNull.Value, await server.ScalarAsync(name, "SELECT to_regclass('public.more')::text", Cancellation));
    }

    [Fact]
    public async Task One_table_comes_under_another_name_beside_the_live_one_which_stays()
    {
        await using var made = await MakeFeaturesAsync();
        string[] odd = ["people copy", "größe \"x\".y\n3", "no_columns_2"];
        await made.Server.ExecuteAsync(made.Database, "UPDATE people SET name = 'x'; TRUNCATE no_columns", Cancellation);
        await RunAsync(ObjectName.Of(made.Database, "public", "people"), odd[0]);
        await RunAsync(ObjectName.Of(made.Database, "odd", "größe \"x\".y\n2"), odd[1]);
        await RunAsync(ObjectName.Of(made.Database, "public", "no_columns"), odd[2]);
        Assert.Equal(1L, await made.Server.ScalarAsync(made.Database, "SELECT count(DISTINCT name) FROM people", Cancellation));
        Assert.Equal(3003L, await made.Server.ScalarAsync(
            made.Database, "SELECT count(DISTINCT id) FROM \"people copy\" WHERE name <> 'x' AND full_name = 'Dr. ' || name", Cancellation));
        Assert.Equal(2L, await made.Server.ScalarAsync(made.Database, "SELECT count(*) FROM no_columns_2", Cancellation));

        var request = made.Request(mayReplace: true) with { EntryName = "people copy" };
        Assert.Contains("already", await RefusalAsync(request with { Entries = [$"{made.Database}.public.people"] }), StringComparison.Ordinal);
        Assert.Contains("partitions", await RefusalAsync(request with { Entries = [$"{made.Database}.public.measures"], EntryName = "m" }), StringComparison.Ordinal);
        Assert.Contains("one table", await RefusalAsync(request), StringComparison.Ordinal);
        Assert.Contains("bytes", await RefusalAsync(request with { Entries = [$"{made.Database}.public.big"], EntryName = new string('ä', 32) }), StringComparison.Ordinal);

        async Task RunAsync(string entry, string name)
        {
            var request = made.Request() with { Entries = [entry], EntryName = name };
            var plan = await made.Restore().PlanAsync(made.Dump, request, Cancellation);
            Assert.Empty(plan.Replaced);
            var facts = Assert.Single((await made.RunAsync(request, Cancellation)).Entries);
            var recorded = made.Outcome.Entries.Single(one => one.Name == entry);
            Assert.Equal((recorded.Rows, recorded.Fingerprint, recorded.File), (facts.Rows, facts.Fingerprint, facts.File));
            Assert.NotEqual(entry, facts.Name);
        }

        async Task<string> RefusalAsync(DumpRestoreRequest asked) =>
            string.Join(' ', (await made.Restore().PlanAsync(made.Dump, asked, Cancellation)).Refusals);
    }

    [Fact]
    public async Task A_database_that_is_replaced_keeps_its_owner_its_privileges_and_what_was_set_for_it()
    {
        await using var made = await MakeFeaturesAsync();
        var name = made.Database;
        await made.Server.ExecuteAsync(
            "postgres",
            $"""
            ALTER DATABASE {name} OWNER TO "{name} owner"; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;
            GRANT CONNECT, TEMP ON DATABASE {name} TO "{name} reader" WITH GRANT OPTION;
            ALTER DATABASE {name} SET search_path = '', "a ""quoted"", one", public; ALTER DATABASE {name} SET work_mem = '8MB';
            ALTER ROLE "{name} reader" IN DATABASE {name} SET statement_timeout = '7s'; ALTER DATABASE {name} CONNECTION LIMIT 77
            """,
            Cancellation);
        var before = await DescribeAsync(made.Server, name);
        await made.RunAsync(made.Request(mayReplace: true), Cancellation);
        Assert.Equal(before, await DescribeAsync(made.Server, name));
        Assert.Equal(3003L, await made.Server.ScalarAsync(name, "SELECT count(*) FROM people", Cancellation));
    }

    [Fact]
    public async Task What_would_fail_later_is_refused_beforehand()
    {
        await using var server = await PostgresServer.StartAsync(Cancellation, "max_prepared_transactions=2");
        await using var made = await RestoreCase.MakeAsync(server, "held", "CREATE TABLE t (a int)", Cancellation);
        await server.ExecuteAsync("held", "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'forgotten'", Cancellation);
        await server.ExecuteAsync(
            "held", "CREATE SUBSCRIPTION far CONNECTION 'dbname=nothing' PUBLICATION p WITH (connect = false)", Cancellation);
        var plan = await made.Restore().PlanAsync(made.Dump, made.Request(mayReplace: true), Cancellation);
        Assert.Contains(plan.Refusals, text => text.Contains("1 prepared transaction", StringComparison.Ordinal));
        Assert.Contains(plan.Refusals, text => text.Contains("the subscription far", StringComparison.Ordinal));
        Assert.True(plan.Exchange!.IsAtomic);
        Assert.Equal($"held_larder_{plan.Request.Token}", Assert.Single(plan.Exchange.Parts).Beside);
    }

    [Fact]
    public async Task A_database_that_was_made_since_the_plan_is_not_written_over()
    {
        await using var made = await RestoreCase.MakeAsync(
            await shared.GetAsync(Cancellation), shared.NameDatabase("stale"), "CREATE TABLE t (a int)", Cancellation);
        var restore = made.Restore();
        var target = made.Database + "_new";
        var plan = await restore.PlanAsync(made.Dump, made.Request(target), Cancellation);
        Assert.Null(plan.Exchange!.Parts[0].Old);
        await made.Server.CreateDatabaseAsync(target, Cancellation);
        var error = await Assert.ThrowsAsync<SourceException>(() => restore.RestoreAsync(made.Dump, plan, _ => { }, Cancellation));
        Assert.Equal(SourceError.TargetExists, error.Error);

        await restore.ExchangeFor(plan.Exchange).UndoAsync(Cancellation);
        await restore.ExchangeFor(plan.Exchange).ForgetAsync(Cancellation);
        Assert.Equal(ExchangeState.Untouched, await restore.ExchangeFor(plan.Exchange).LookAsync(Cancellation));
        Assert.Equal(1, await made.Server.ScalarAsync(target, "SELECT 1", Cancellation)); // Somebody else's stays.
    }

    private async Task<RestoreCase> MakeFeaturesAsync() => await RestoreCase.MakeAsync(
        await shared.GetAsync(Cancellation),
        shared.NameDatabase("over"),
        (server, database) => FeatureDatabase.MakeAsync(server, database, Cancellation),
        Cancellation);

    private static async Task<string?> DescribeAsync(PostgresServer server, string name) => (string?)await server.ScalarAsync(
        "postgres",
        $"""
        SELECT concat_ws(' | ', pg_get_userbyid(datdba), datconnlimit, shobj_description(oid, 'pg_database'),
            (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(datacl) a),
            (SELECT string_agg(setrole || ' ' || c, ' ' ORDER BY setrole, c) FROM pg_db_role_setting, unnest(setconfig) c WHERE setdatabase = oid))
        FROM pg_database WHERE datname = '{name}'
        """,
        Cancellation);
}
