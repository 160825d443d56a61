using Larder.Sources.PostgreSql;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

[Trait("Kind", "server")]
public sealed class RestoreRightsTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Roles_that_are_not_there_are_named_and_come_with_the_accounts()
    {
        await using var made = await RestoreCase.MakeAsync(
            await shared.GetAsync(Cancellation),
            shared.NameDatabase("roles"),
            (server, database) => FeatureDatabase.MakeAsync(server, database, Cancellation),
            Cancellation);
        await using var other = await PostgresServer.StartAsync(Cancellation);
        var restore = made.Restore(server: other);
        var refused = await restore.PlanAsync(made.Dump, made.Request(), Cancellation);
        var refusal = Assert.Single(refused.Refusals);
        Assert.Contains($"{made.Database} owner, {made.Database} reader", refusal, StringComparison.Ordinal);

        await made.RunAsync(restore, made.Request() with { WithUsers = true }, Cancellation);
        Assert.Equal(
            await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation),
            await StoredSession.DescribeSchemaAsync(other, made.Database, Cancellation));
        Assert.Equal(1L, await other.ScalarAsync(
            "postgres",
            $"SELECT count(*) FROM pg_auth_members WHERE roleid = '\"{made.Database} owner\"'::regrole AND member = '\"{made.Database} reader\"'::regrole",
            Cancellation));
    }

    [Fact]
    public async Task A_role_that_may_not_create_databases_fills_an_empty_one_and_is_told_what_it_lacks_for_a_full_one()
    {
        var server = await shared.GetAsync(Cancellation);
        var name = shared.NameDatabase("modest");
        await server.ExecuteAsync("postgres", $"CREATE ROLE {name} LOGIN PASSWORD 'x'", Cancellation);
        await using var made = await RestoreCase.MakeAsync(
            server,
            name,
            async (server, database) =>
            {
                await server.CreateDatabaseAsync(database, Cancellation, $"OWNER {name}");
                await server.ExecuteAsync(
                    database,
                    $"SET ROLE {name}; CREATE SCHEMA s; CREATE TABLE s.t (a serial PRIMARY KEY, b text); INSERT INTO s.t (b) SELECT 'x' || n FROM generate_series(1, 50) n",
                    Cancellation);
            },
            Cancellation);
        var settings = new PostgreSqlSettings { Url = server.Url(name, name, "x") };
        var restore = made.Restore(settings: settings);

        var full = await restore.PlanAsync(made.Dump, made.Request(mayReplace: true), Cancellation);
        Assert.Contains(full.Refusals, text => text.Contains($"ALTER ROLE \"{name}\" CREATEDB", StringComparison.Ordinal));
        var missing = await restore.PlanAsync(made.Dump, made.Request(name + "_none"), Cancellation);
        Assert.Contains(missing.Refusals, text => text.Contains("may not create databases", StringComparison.Ordinal));

        var empty = name + "_empty";
        await server.CreateDatabaseAsync(empty, Cancellation, $"OWNER {name}");
        var wrong = made.Outcome.Entries.Select(entry => entry with { Rows = 7 }).ToList();
        await Assert.ThrowsAsync<SourceException>(() => made.RunAsync(restore, made.Request(empty) with { Recorded = wrong }, Cancellation));
        Assert.Equal(DBNull.Value, await server.ScalarAsync(empty, "SELECT to_regnamespace('s')::text", Cancellation));
        await made.RunAsync(restore, made.Request(empty), Cancellation);
        Assert.Equal(50L, await server.ScalarAsync(empty, "SELECT count(*) FROM s.t", Cancellation));
    }
}
