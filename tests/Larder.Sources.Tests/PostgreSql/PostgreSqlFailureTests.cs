using System.Globalization;
using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>Whatever goes wrong ends in a <see cref="SourceException"/> with a meaning, and leaves no process.</summary>
[Trait("Kind", "server")]
public sealed class PostgreSqlFailureTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_password_is_refused_and_not_shown()
    {
        var server = await shared.GetAsync(Cancellation);
        var error = await FailAsync(new() { Url = server.Url("postgres", password: "not-the-password") }, SourceError.PermissionDenied);
        Assert.DoesNotContain("not-the-password", error.Message, StringComparison.Ordinal);
        Assert.Contains("password authentication failed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_password_says_where_it_can_be_put()
    {
        var server = await shared.GetAsync(Cancellation);
        var error = await FailAsync(
            new() { Host = PostgresServer.Host, Port = server.Port, User = PostgresServer.User, Databases = ["postgres"] },
            SourceError.PermissionDenied);
        Assert.Contains(".pgpass", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        await using var server = await PostgresServer.StartAsync(Cancellation);
        var settings = StoredSession.Settings(server, "postgres");
        await server.CrashAsync();
        await FailAsync(settings, SourceError.Unreachable);
    }

    [Fact]
    public async Task One_database_of_several_that_is_not_there_fails_before_anything_is_read()
    {
        var server = await shared.GetAsync(Cancellation);
        var source = new PostgreSqlSource(new() { Url = server.Url(), Databases = ["postgres", "nowhere"] }, TimeProvider.System);
        var error = await Assert.ThrowsAsync<SourceException>(() => source.OpenAsync(Cancellation));
        Assert.Equal(SourceError.NotFound, error.Error);
        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_other_parameter_of_the_url_reaches_the_server()
    {
        var server = await shared.GetAsync(Cancellation);
        var error = await FailAsync(new() { Url = server.Url() + "?options=-c%20work_mem%3Dnonsense" }, SourceError.Unreachable);
        Assert.Contains("work_mem", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_may_not_be_read_is_named_by_the_dump_and_by_the_probe()
    {
        var (server, database) = await MakeBigAsync();
        var role = database + "_weak";
        await server.ExecuteAsync(
            database,
            $"CREATE ROLE {role} LOGIN PASSWORD 'weak'; GRANT SELECT ON big TO {role}; CREATE TABLE hidden_table (a int);",
            Cancellation);
        var settings = new PostgreSqlSettings { Url = server.Url(database, role, "weak") };
        Assert.Contains("hidden_table", (await FailAsync(settings, SourceError.PermissionDenied)).Message, StringComparison.Ordinal);
        var probed = await Assert.ThrowsAsync<SourceException>(
            () => new PostgreSqlSource(settings, TimeProvider.System).ProbeAsync(Cancellation));
        Assert.Equal(SourceError.PermissionDenied, probed.Error);
        Assert.Contains("public.hidden_table", probed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_hidden_by_row_security_fail_the_dump_and_the_probe()
    {
        var (server, database) = await MakeBigAsync();
        var role = database + "_filtered";
        await server.ExecuteAsync(
            database,
            $"CREATE ROLE {role} LOGIN PASSWORD 'weak'; GRANT pg_read_all_data TO {role}; ALTER TABLE big ENABLE ROW LEVEL SECURITY;",
            Cancellation);
        var settings = new PostgreSqlSettings { Url = server.Url(database, role, "weak") };
        Assert.Contains("BYPASSRLS", (await FailAsync(settings, SourceError.PermissionDenied)).Message, StringComparison.Ordinal);
        var probed = await Assert.ThrowsAsync<SourceException>(
            () => new PostgreSqlSource(settings, TimeProvider.System).ProbeAsync(Cancellation));
        Assert.Contains("public.big", probed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dump_that_waits_too_long_for_a_lock_is_ended()
    {
        var (server, database) = await MakeBigAsync();
        await using var connection = await server.ConnectAsync(database, Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "LOCK TABLE big IN ACCESS EXCLUSIVE MODE";
        await command.ExecuteNonQueryAsync(Cancellation);
        await FailAsync(StoredSession.Settings(server, database) with { Timeout = TimeSpan.FromSeconds(2) }, SourceError.TimedOut);
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_is_a_lost_connection()
    {
        await using var server = await PostgresServer.StartAsync(Cancellation);
        await FillAsync(server, "postgres");
        var error = await FailInTheMiddleAsync(StoredSession.Settings(server, "postgres"), server.CrashAsync);
        Assert.Equal(SourceError.Unreachable, error.Error);
    }

    [Fact]
    public async Task A_database_dropped_in_the_middle_is_a_lost_connection()
    {
        var (server, database) = await MakeBigAsync();
        var error = await FailInTheMiddleAsync(
            StoredSession.Settings(server, database), () => server.DropDatabaseAsync(database, Cancellation));
        Assert.Equal(SourceError.Unreachable, error.Error);
    }

    [Fact]
    public async Task A_connection_cut_in_the_middle_is_a_lost_connection()
    {
        var (server, database) = await MakeBigAsync();
        await using var proxy = new HoldingProxy(server.Port);
        var cutting = CutAsync(proxy.HoldAfter(20_000_000));
        var error = await FailAsync(StoredSession.Settings(server, database) with { Port = proxy.Port }, SourceError.Unreachable);
        await cutting;
        Assert.Contains("lost", error.Message, StringComparison.Ordinal);

        async Task CutAsync(Task middle)
        {
            await middle;
            await proxy.CutAsync();
        }
    }

    [Fact]
    public async Task A_connection_cut_while_the_roles_are_dumped_says_which_server_was_lost_and_how()
    {
        var server = await shared.GetAsync(Cancellation);
        await using var proxy = new HoldingProxy(server.Port);
        var connection = new PostgreSqlConnection(StoredSession.Settings(server, "postgres") with { Port = proxy.Port });
        var middle = proxy.HoldAfter(1000);
        await using var globals = GlobalsDump.Start(
            connection.Start(Path.Combine(PostgresServer.ProgramFolder!, "pg_dumpall"), null, "pg_dumpall", "--globals-only"),
            new PostgreSqlFailures(connection.Secrets, connection.ShownHost),
            TimeProvider.System);
        await using var content = globals.Open();
        await middle;
        await proxy.CutAsync();
        await content.CopyToAsync(Stream.Null, Cancellation);

        var error = await Assert.ThrowsAsync<SourceException>(() => globals.CompleteAsync(Cancellation));
        Assert.True(error.Error == SourceError.Unreachable, error.ToString());
        Assert.Contains("was lost", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{PostgresServer.Host}:{proxy.Port}", error.Message, StringComparison.Ordinal);
        Assert.Matches("closed the connection unexpectedly|reset by peer", error.Message);
    }

    [Fact]
    public async Task A_pg_dump_that_is_killed_is_a_failed_tool()
    {
        var (server, database) = await MakeBigAsync();
        var error = await FailInTheMiddleAsync(StoredSession.Settings(server, database), async () =>
        {
            var process = Assert.Single(RunningProcesses.FindByArgument($"dbname='{database}'"), IsDump);
            (await ChildProcess.RunAsync(new("kill", "-KILL", Path.GetFileName(process)), Cancellation)).Expect();
        });
        Assert.Equal(SourceError.ToolFailed, error.Error);
        Assert.Contains("SIGKILL", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pg_dump_that_wrote_everything_and_failed_is_a_failed_tool()
    {
        var (server, database) = await MakeBigAsync();
        await using var tools = await ToolFolder.MakeAsync($"{ToolFolder.RealDump} \"$@\"; echo 'out of luck' >&2; exit 1", Cancellation);
        var error = await FailAsync(StoredSession.Settings(server, database), SourceError.ToolFailed, tools.Locator);
        Assert.Contains("out of luck", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_cut_off_anywhere_never_passes_even_when_pg_dump_claims_success()
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("cut");
        await FeatureDatabase.MakeAsync(server, database, Cancellation);
        await using var folder = new TemporaryFolder();
        (await ChildProcess.RunAsync(server.Tool("pg_dump", "-Fc", "-Z0", "-f", folder["whole"], database), Cancellation)).Expect();
        var length = new FileInfo(folder["whole"]).Length;
        await using var tools = await ToolFolder.MakeAsync($"head -c $(cat {folder["count"]}) {folder["whole"]}", Cancellation);

        await SeededRandom.RunManyAsync(40, async random =>
        {
            await File.WriteAllTextAsync(folder["count"], random.NextInt64(length).ToString(CultureInfo.InvariantCulture), Cancellation);
            await FailAsync(StoredSession.Settings(server, database) with { Globals = false }, SourceError.Damaged, tools.Locator);
        });
        await File.WriteAllTextAsync(folder["count"], length.ToString(CultureInfo.InvariantCulture), Cancellation);
        var source = new PostgreSqlSource(StoredSession.Settings(server, database), TimeProvider.System, tools.Locator);
        await StoredSession.WriteAsync(source, folder.FullPath, Cancellation);
    }

    [Fact]
    public async Task A_server_newer_than_every_tool_is_told_before_anything_starts()
    {
        var server = await shared.GetAsync(Cancellation);
        await using var tools = await ToolFolder.MakeAsync("", Cancellation);
        var old = tools.Locator.Installed[0] with { MajorVersion = 13 };
        var error = Assert.Throws<SourceException>(() => new PostgreSqlToolLocator([old]).FindFor(15));
        Assert.Equal(SourceError.ToolMissing, error.Error);
        Assert.Contains("postgresql-client-15", error.Message, StringComparison.Ordinal);

        var settings = StoredSession.Settings(server, "postgres");
        var source = new PostgreSqlSource(settings, TimeProvider.System, new PostgreSqlToolLocator([old]));
        Assert.Equal(SourceError.ToolMissing, (await Assert.ThrowsAsync<SourceException>(() => source.OpenAsync(Cancellation))).Error);
    }

    private static bool IsDump(string process) =>
        File.ReadAllText(process + "/comm").StartsWith("pg_dump", StringComparison.Ordinal);

    private async Task<(PostgresServer Server, string Database)> MakeBigAsync()
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("big");
        await server.CreateDatabaseAsync(database, Cancellation);
        await FillAsync(server, database);
        return (server, database);
    }

    /// <summary>
    /// 40 MB: more than all the pipes and buffers between server and reader hold, so that a reader who stops stops the dump.
    /// </summary>
    private static Task FillAsync(PostgresServer server, string database) => server.ExecuteAsync(
        database, "CREATE TABLE big AS SELECT n, repeat(md5(n::text), 30) AS filling FROM generate_series(1, 40000) n", Cancellation);

    private static async Task<SourceException> FailAsync(
        PostgreSqlSettings settings, SourceError expected, PostgreSqlToolLocator? locator = null)
    {
        var source = new PostgreSqlSource(settings, TimeProvider.System, locator);
        await using var folder = new TemporaryFolder();
        var error = await Assert.ThrowsAsync<SourceException>(() => StoredSession.WriteAsync(source, folder.FullPath, Cancellation));
        Assert.True(expected == error.Error, error.ToString());
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        return error;
    }

    private static async Task<SourceException> FailInTheMiddleAsync(PostgreSqlSettings settings, Func<Task> disturb)
    {
        var source = new PostgreSqlSource(settings with { Globals = false }, TimeProvider.System);
        var disturbed = false;
        return await Assert.ThrowsAsync<SourceException>(async () =>
        {
            await using var session = await source.OpenAsync(Cancellation);
            await foreach (var entry in session.ReadEntriesAsync(Cancellation))
            {
                if (entry.OpenContent is null)
                {
                    continue;
                }
                await using var content = await entry.OpenContent(Cancellation);
                var buffer = new byte[100_000];
                while (await content.ReadAsync(buffer, Cancellation) > 0)
                {
                    if (!disturbed && entry.Path.ToString().EndsWith(".dat", StringComparison.Ordinal) && entry.Attributes.SizeBytes == 0)
                    {
                        disturbed = true;
                        await disturb();
                    }
                }
            }
            await session.CompleteAsync(Cancellation);
        });
    }
}
