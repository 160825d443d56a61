using System.Globalization;
using Larder.Sources.Dumps;
using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

/// <summary>After each of these the old database is as it was, and nothing is left beside it.</summary>
[Trait("Kind", "server")]
public sealed class RestoreFailureTests(SharedPostgresServer shared)
{
    private const string Sql = """
        CREATE TABLE big (n int PRIMARY KEY, filling text);
        INSERT INTO big SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 20000) n;
        CREATE TABLE small (a int); INSERT INTO small VALUES (1), (2);
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_file_that_cannot_be_read_to_its_end()
    {
        await using var made = await MakeAsync();
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(made, () => throw new InvalidDataException("pack damaged")));
        Assert.Equal("pack damaged", error.Message);
        await AssertUntouchedAsync(made);
    }

    [Fact]
    public async Task A_pg_restore_that_is_killed()
    {
        await using var made = await MakeAsync();
        var error = await Assert.ThrowsAsync<SourceException>(() => RunAsync(made, async () =>
        {
            var found = (await ChildProcess.RunAsync(new("pgrep", "-f", $"bin/pg_restore .*{made.Database}_larder_"))).Expect().Output;
            await ChildProcess.RunAsync(new("kill", ["-KILL", .. found.Split('\n', StringSplitOptions.RemoveEmptyEntries)]));
        }));
        Assert.Equal(SourceError.ToolFailed, error.Error);
        await AssertUntouchedAsync(made);
    }

    [Fact]
    public async Task A_restore_that_is_cancelled()
    {
        await using var made = await MakeAsync();
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(made, cancelling.CancelAsync, cancellationToken: cancelling.Token));
        await AssertUntouchedAsync(made);
    }

    [Fact]
    public async Task A_server_that_ends_the_sessions()
    {
        await using var made = await MakeAsync();
        var error = await Assert.ThrowsAsync<SourceException>(() => RunAsync(made, () => made.Server.ExecuteAsync(
            "postgres",
            $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE '{made.Database}\\_larder\\_%'",
            Cancellation)));
        Assert.Equal(SourceError.Unreachable, error.Error);
        Assert.Contains("connection", error.Message, StringComparison.Ordinal);
        await AssertUntouchedAsync(made);
    }

    [Fact]
    public async Task Rows_that_are_not_those_that_were_recorded()
    {
        await using var made = await MakeAsync();
        var recorded = made.Outcome.Entries.Select(entry => entry.Name.EndsWith(".small", StringComparison.Ordinal)
            ? entry with { Fingerprint = new Fingerprint(2, 7) }
            : entry).ToList();
        var error = await Assert.ThrowsAsync<SourceException>(() => made.RunAsync(
            made.Request(mayReplace: true) with { Recorded = recorded }, Cancellation));
        Assert.Equal(SourceError.Mismatch, error.Error);
        Assert.Contains("public.small", error.Message, StringComparison.Ordinal);
        await AssertUntouchedAsync(made);
    }

    [Theory]
    [InlineData(DumpPart.All)]
    [InlineData(DumpPart.Data)]
    public async Task A_stored_file_that_breaks_off_while_one_table_is_replaced(DumpPart part)
    {
        await using var made = await MakeAsync();
        var request = made.Request(mayReplace: true) with { Entries = [$"{made.Database}.public.big"], Part = part };
        await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(made, () => throw new InvalidDataException("pack damaged"), request));
        await AssertUntouchedAsync(made);
    }

    [Fact]
    public async Task A_pg_restore_that_does_not_say_what_it_reads_is_served_all_the_same()
    {
        await using var made = await MakeAsync();
        await using var tools = new TemporaryFolder();
        foreach (var name in new[] { "pg_dump", "pg_dumpall", "psql" })
        {
            File.CreateSymbolicLink(tools[name], Path.Combine(PostgresServer.ProgramFolder!, name));
        }
        await File.WriteAllTextAsync(
            tools["pg_restore"], $"#!/bin/sh\nexec {PostgresServer.ProgramFolder}/pg_restore \"$@\" 2>/dev/null\n", Cancellation);
        File.SetUnixFileMode(tools["pg_restore"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var outcome = await made.RunAsync(
            made.Restore(tools: new PostgreSqlToolLocator([tools.FullPath])), made.Request(made.Database + "_mute"), Cancellation);
        Assert.Equal(20002, outcome.Entries.Sum(entry => entry.Rows));
    }

    private async Task<RestoreCase> MakeAsync()
    {
        var made = await RestoreCase.MakeAsync(await shared.GetAsync(Cancellation), shared.NameDatabase("failing"), Sql, Cancellation);
        await made.Server.ExecuteAsync(made.Database, "UPDATE small SET a = a + 10", Cancellation);
        return made;
    }

    private static async Task RunAsync(
        RestoreCase made, Func<Task> inTheMiddle, DumpRestoreRequest? request = null, CancellationToken? cancellationToken = null)
    {
        var big = made.Outcome.Entries.Single(entry => entry.Name.EndsWith(".big", StringComparison.Ordinal));
        await made.RunAsync(
            made.Restore(),
            request ?? made.Request(mayReplace: true),
            cancellationToken ?? Cancellation,
            new BreakingDump(made.Dump, new EntryPath(big.File), inTheMiddle));
    }

    private static async Task AssertUntouchedAsync(RestoreCase made)
    {
        Assert.Equal(23L, await made.Server.ScalarAsync(made.Database, "SELECT sum(a) FROM small", Cancellation));
        Assert.Equal(20000L, await made.Server.ScalarAsync(made.Database, "SELECT count(*) FROM big", Cancellation));
        await made.AssertNothingLeftAsync(Cancellation);
        var left = await ChildProcess.RunAsync(new("pgrep", "-f", $"bin/pg_restore .*{made.Database}_larder_"), Cancellation);
        Assert.Equal("", left.Output.Trim());
        Assert.Equal(1, left.ExitStatus);
        Assert.DoesNotContain(
            Directory.EnumerateDirectories(Path.GetTempPath(), "larder-restore-*"),
            folder => File.Exists(Path.Combine(folder, "toc.dat"))
                && File.ReadAllText(Path.Combine(folder, "toc.dat")).Contains(string.Create(CultureInfo.InvariantCulture, $"CREATE DATABASE {made.Database} "), StringComparison.Ordinal));
    }
}
