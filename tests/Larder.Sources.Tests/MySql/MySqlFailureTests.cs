using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Larder.Sources.MySql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MySql;

/// <summary>Nothing that fails looks like a dump.</summary>
[Trait("Kind", "server")]
public sealed class MySqlFailureTests(MariaDbFixture fixture) : IAsyncLifetime
{
    // More than all the buffers between server and reader hold, so that the dump is in the middle of it when it is looked at.
    private const string Large = "CREATE TABLE a_large(id INT PRIMARY KEY, s TEXT); INSERT INTO a_large SELECT seq, REPEAT('x', 2000) FROM seq_1_to_20000; "
        + "CREATE TABLE z_later(id INT); INSERT INTO z_later VALUES (1);";

    private MySqlSandbox sandbox = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = new MySqlSandbox(await fixture.GetAsync());

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(sandbox.FindLeftovers());
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task A_wrong_password_is_named_and_not_shown()
    {
        var account = await sandbox.CreateAccountAsync("right");
        await AssertFailsAsync(Source(account with { Password = "wr0ng-word" }, "x"), SourceError.PermissionDenied);
        var probe = await Assert.ThrowsAsync<SourceException>(
            () => Source(account with { Password = "wr0ng-word" }, "x").ProbeAsync(Cancellation));
        Assert.DoesNotContain("wr0ng-word", probe.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public Task A_server_that_is_not_there_is_unreachable() =>
        AssertFailsAsync(Source(sandbox.Root with { Port = 1 }, "x"), SourceError.Unreachable);

    [Fact]
    public Task Tools_that_are_not_there_are_named() =>
        AssertFailsAsync(Source(sandbox.Root with { ToolFolder = "/nowhere" }, "x"), SourceError.ToolMissing);

    [Fact]
    public async Task An_encrypted_connection_that_cannot_be_made_is_not_made_plainly()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT)");
        await AssertFailsAsync(Source(sandbox.Root with { Tls = MySqlTls.Verified }, name), SourceError.Unreachable);
    }

    [Fact]
    public async Task An_encrypted_connection_is_verified_against_the_authority_that_was_named()
    {
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.FullPath, (UnixFileMode)0b111_101_101); // The server runs as an account of its own.
        var (certificate, key) = (folder["cert.pem"], folder["key.pem"]);
        using (var pair = RSA.Create(2048))
        {
            var request = new CertificateRequest("CN=127.0.0.1", pair, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(System.Net.IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
            var now = TimeProvider.System.GetUtcNow();
            using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            await File.WriteAllTextAsync(certificate, made.ExportCertificatePem(), Cancellation);
            await File.WriteAllTextAsync(key, pair.ExportPkcs8PrivateKeyPem(), Cancellation);
        }
        await using var server = await MariaDbServer.StartAsync(
            [$"--ssl-cert={certificate}", $"--ssl-key={key}", $"--ssl-ca={certificate}"], Cancellation);
        await server.ExecuteAsync("CREATE DATABASE d; CREATE TABLE d.t(id INT); CREATE USER s@'%' IDENTIFIED BY 'x' REQUIRE SSL; GRANT ALL ON *.* TO s@'%';");
        var account = sandbox.Root with { Port = server.Port, User = "s", Password = "x" };

        using var stored = await StoredSource.ReadAsync(
            Source(account with { Tls = MySqlTls.Verified, AuthorityFile = certificate }, "d"));
        Assert.Contains(stored.Outcome.Entries, facts => facts.Name == "d.t");
        await AssertFailsAsync(Source(account with { Tls = MySqlTls.Verified }, "d"), SourceError.Unreachable);
        await AssertFailsAsync(Source(account with { Tls = MySqlTls.Disabled }, "d"), SourceError.PermissionDenied);
    }

    [Fact]
    public async Task A_connection_that_is_cut_fails_the_dump()
    {
        var name = await sandbox.CreateAsync(Large);
        await using var proxy = new HoldingProxy(sandbox.Server.Port);
        await AssertFailsAsync(
            Source(sandbox.Root with { Port = proxy.Port }, name), SourceError.Unreachable, _ => proxy.CutAsync());
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_fails_the_dump()
    {
        await using var server = await MariaDbServer.StartAsync(cancellationToken: Cancellation);
        await server.ExecuteAsync("CREATE DATABASE d");
        await server.ExecuteAsync(Large, "d");
        await AssertFailsAsync(
            Source(sandbox.Root with { Port = server.Port }, "d"), SourceError.Unreachable, _ => server.KillAsync());
    }

    [Fact]
    public async Task A_dump_program_killed_in_the_middle_fails_the_dump()
    {
        var name = await sandbox.CreateAsync(Large);
        await AssertFailsAsync(Source(sandbox.Root, name), SourceError.ToolFailed, _ =>
        {
            var dump = Assert.Single(sandbox.FindLeftovers());
            return ChildProcess.RunAsync(new ChildCommand("kill", "-9", Path.GetFileName(dump)), Cancellation);
        });
    }

    [Theory]
    [InlineData("/usr/bin/mariadb-dump \"$@\"; exit 1")]
    [InlineData("/usr/bin/mariadb-dump \"$@\" | sed '$d'")] // The last line is missing, and the exit status is 0.
    [InlineData("/usr/bin/mariadb-dump \"$@\" | head -c 30000")]
    [InlineData("exit 0")]
    public async Task A_dump_program_that_does_not_end_well_fails_the_dump(string script)
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT, s TEXT); INSERT INTO t SELECT seq, REPEAT('x', 100) FROM seq_1_to_1000;");
        using var tools = new TemporaryFolder();
        File.CreateSymbolicLink(tools["mariadb"], "/usr/bin/mariadb");
        await WriteToolAsync(tools["mariadb-dump"], $"case \"$*\" in *--databases*) {script} ;; *) /usr/bin/mariadb-dump \"$@\" ;; esac");
        await AssertFailsAsync(Source(sandbox.Root with { ToolFolder = tools.FullPath }, name), SourceError.ToolFailed);

        // The part with triggers, routines and views is a run of its own.
        await WriteToolAsync(tools["mariadb-dump"], $"case \"$*\" in *--routines*) {script} ;; *) /usr/bin/mariadb-dump \"$@\" ;; esac");
        if (!script.Contains("30000", StringComparison.Ordinal))
        {
            await AssertFailsAsync(Source(sandbox.Root with { ToolFolder = tools.FullPath }, name), SourceError.ToolFailed);
        }
    }

    [Fact]
    public async Task A_table_that_may_not_be_read_fails_the_dump()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE a(id INT); CREATE TABLE b(id INT);");
        var account = await sandbox.CreateAccountAsync(
            "pw", $"GRANT SELECT, SHOW VIEW ON `{name}`.a TO @account", $"GRANT INSERT ON `{name}`.b TO @account");
        await AssertFailsAsync(Source(account, name), SourceError.PermissionDenied);
    }

    [Fact]
    public async Task A_table_dropped_in_the_middle_fails_the_dump()
    {
        var name = await sandbox.CreateAsync(Large);
        await AssertFailsAsync(
            Source(sandbox.Root, name), SourceError.ToolFailed, _ => sandbox.Server.ExecuteAsync("DROP TABLE z_later", name), "dropped");
    }

    [Fact]
    public async Task A_database_dropped_in_the_middle_fails_the_dump()
    {
        var first = await sandbox.CreateAsync(Large, "a");
        var second = await sandbox.CreateAsync("CREATE TABLE t(id INT)", "b");
        var source = MySqlSandbox.Source(new MySqlSettings { Server = sandbox.Root, Databases = [first, second], Users = false });
        await AssertFailsAsync(source, SourceError.NotFound, _ => sandbox.Server.ExecuteAsync($"DROP DATABASE `{second}`"));
    }

    [Fact]
    public async Task A_dump_that_takes_too_long_is_ended()
    {
        var name = await sandbox.CreateAsync(Large);
        var source = MySqlSandbox.Source(
            new MySqlSettings { Server = sandbox.Root, Databases = [name], Users = false, Timeout = TimeSpan.FromSeconds(2) });
        await AssertFailsAsync(source, SourceError.TimedOut, async _ =>
        {
            while (RunningProcesses.FindByArgument(sandbox.Temporary.FullPath).Count > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
            }
        });
    }

    [Fact]
    public async Task A_statement_that_the_server_ends_fails_the_dump()
    {
        var name = await sandbox.CreateAsync(Large);
        await AssertFailsAsync(Source(sandbox.Root, name), SourceError.TimedOut, async _ =>
        {
            var id = await sandbox.Server.ExecuteAsync(
                $"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{name}' AND INFO LIKE '%SQL_NO_CACHE%'");
            await sandbox.Server.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"KILL QUERY {id}"));
        });
    }

    private static MySqlSource Source(MySqlServer server, string name) =>
        MySqlSandbox.Source(new MySqlSettings { Server = server, Databases = [name], Users = false });

    private static async Task WriteToolAsync(string path, string script)
    {
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{script}\n", Cancellation);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    /// <summary>Fails unless a whole session fails so.</summary>
    /// <param name="midway">Runs when the rows of the large table were begun.</param>
    private static async Task AssertFailsAsync(MySqlSource source, SourceError expected, Func<SourceEntry, Task>? midway = null, string word = "")
    {
        var reached = midway is null;
        var error = await Assert.ThrowsAsync<SourceException>(async () =>
        {
            await using var session = await source.OpenAsync(Cancellation);
            await foreach (var entry in session.ReadEntriesAsync(Cancellation))
            {
                if (entry.OpenContent is null)
                {
                    continue;
                }
                await using var content = await entry.OpenContent(Cancellation);
                if (midway is not null && entry.Path.ToString().EndsWith("3-rows-a_large.sql", StringComparison.Ordinal))
                {
                    await content.ReadExactlyAsync(new byte[1000], Cancellation);
                    reached = true;
                    await midway(entry);
                }
                await content.CopyToAsync(Stream.Null, Cancellation);
            }
            await session.CompleteAsync(Cancellation);
        });
        Assert.True(reached);
        Assert.True(expected == error.Error, $"{error.Error}: {error.Message}");
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.False(error.SkipsEntry);
    }
}
