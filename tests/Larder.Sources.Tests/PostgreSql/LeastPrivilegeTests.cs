using System.Text.RegularExpressions;
using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>Runs the statements of docs/guides/postgresql.md as they stand there, with a role and a password of each test's own.</summary>
[Trait("Kind", "server")]
public sealed class LeastPrivilegeTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_role_of_the_guide_reads_what_a_superuser_reads()
    {
        var (server, database) = await MakeAsync();
        var statements = ReadGuide("sql");
        var settings = await MakeRoleAsync(server, database, statements);
        await using var folder = new TemporaryFolder();
        await using var superusers = new TemporaryFolder();

        await new PostgreSqlSource(settings, TimeProvider.System).ProbeAsync(Cancellation);
        var outcome = await StoredSession.WriteAsync(settings, folder.FullPath, Cancellation);
        var all = await StoredSession.WriteAsync(StoredSession.Settings(server, database), superusers.FullPath, Cancellation);

        Assert.Equal(Facts(all), Facts(outcome));
        Assert.Empty(outcome.Warnings);
        var roles = await File.ReadAllTextAsync(folder["globals.sql"], Cancellation);
        Assert.Contains($"CREATE ROLE \"{database} reader\"", roles, StringComparison.Ordinal);
        Assert.Contains("SCRAM-SHA-256", roles, StringComparison.Ordinal);
        Assert.Equal([$"{database}.public.passwd", database], outcome.NotCaptured.Select(gap => gap.Path));
        Assert.Contains("user mappings", outcome.NotCaptured[1].Reason, StringComparison.Ordinal);
        Assert.Equal([$"{database}.public.passwd"], all.NotCaptured.Select(gap => gap.Path));
    }

    [Fact]
    public async Task Without_the_right_to_large_objects_the_backup_fails()
    {
        var (server, database) = await MakeAsync();
        var settings = await MakeRoleAsync(server, database, [ReadGuide("sql")[0]]);
        await using var folder = new TemporaryFolder();
        var error = await Assert.ThrowsAsync<SourceException>(() => StoredSession.WriteAsync(settings, folder.FullPath, Cancellation));
        Assert.Equal(SourceError.PermissionDenied, error.Error);
        Assert.Contains("large object", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_guides_grants_for_older_servers_read_what_is_there_and_what_comes_later()
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("older");
        await server.CreateDatabaseAsync(database, Cancellation);
        await server.ExecuteAsync(database, "CREATE TABLE before (id serial); INSERT INTO before DEFAULT VALUES", Cancellation);
        var settings = await MakeRoleAsync(server, database, ReadGuide("sql 12"));
        await server.ExecuteAsync(database, "CREATE TABLE after (id serial); INSERT INTO after DEFAULT VALUES", Cancellation);
        await using var folder = new TemporaryFolder();
        var outcome = await StoredSession.WriteAsync(settings, folder.FullPath, Cancellation);
        Assert.Equal(2, outcome.Entries.Count(facts => facts is { Kind: "table", Rows: 1 }));
        Assert.DoesNotContain("PASSWORD", await File.ReadAllTextAsync(folder["globals.sql"], Cancellation), StringComparison.Ordinal);
        Assert.Equal(["globals.sql"], outcome.NotCaptured.Select(gap => gap.Path));

        await server.ExecuteAsync(
            database, ReadGuide("sql passwords")[0].Replace("larder", database + "_larder", StringComparison.Ordinal), Cancellation);
        outcome = await StoredSession.WriteAsync(settings, folder.FullPath, Cancellation);
        var roles = await File.ReadAllTextAsync(folder["globals.sql"], Cancellation);
        Assert.Contains("PASSWORD 'SCRAM-SHA-256", roles, StringComparison.Ordinal);
        Assert.Empty(outcome.NotCaptured);
    }

    private async Task<(PostgresServer Server, string Database)> MakeAsync()
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("least");
        await FeatureDatabase.MakeAsync(server, database, Cancellation);
        return (server, database);
    }

    private static async Task<PostgreSqlSettings> MakeRoleAsync(PostgresServer server, string database, IReadOnlyList<string> statements)
    {
        var role = database + "_larder";
        foreach (var sql in statements)
        {
            Assert.Contains("larder", sql, StringComparison.Ordinal);
            await server.ExecuteAsync(database, sql.Replace("larder", role, StringComparison.Ordinal), Cancellation);
        }
        return new PostgreSqlSettings { Url = server.Url(database, role, "choose a long one") };
    }

    private static List<string> ReadGuide(string language)
    {
        var guide = File.ReadAllText(RepositoryRoot.Combine("docs", "guides", "postgresql.md"));
        return [.. Regex.Matches(guide, $"```{language}\n(.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value)];
    }

    private static IEnumerable<EntryFacts> Facts(SourceOutcome outcome) =>
        outcome.Entries.Where(facts => facts.Kind != "globals").Select(facts => facts with { Duration = null });
}
