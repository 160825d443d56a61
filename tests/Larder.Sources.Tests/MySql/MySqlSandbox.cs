using Larder.Sources.MySql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MySql;

/// <summary>Names of one test's own on the shared server, and what it needs to look at them. Disposing drops its databases.</summary>
internal sealed class MySqlSandbox(MariaDbServer server) : IAsyncDisposable
{
    private readonly List<string> databases = [];
    private readonly List<string> accounts = [];

    public MariaDbServer Server => server;

    public TemporaryFolder Temporary { get; } = new();

    public MySqlServer Root => new() { Host = "127.0.0.1", Port = server.Port, User = "root", TemporaryFolder = Temporary.FullPath };

    /// <summary>A name that no other test has; dropped at the end.</summary>
    public string NewName(string word = "t")
    {
        var name = $"{word}_{Guid.NewGuid():n}"[..16];
        databases.Add(name);
        return name;
    }

    public async Task<string> CreateAsync(string sql, string word = "t")
    {
        var name = NewName(word);
        await server.ExecuteAsync($"CREATE DATABASE `{name}` DEFAULT CHARACTER SET utf8mb4");
        await server.ExecuteAsync(sql, name);
        return name;
    }

    /// <summary>An account with the given rights (statements with <c>@account</c> in them).</summary>
    public async Task<MySqlServer> CreateAccountAsync(string password, params IReadOnlyList<string> grants)
    {
        var name = $"u_{Guid.NewGuid():n}"[..16];
        accounts.Add(name);
        await server.ExecuteAsync($"CREATE USER '{name}'@'%' IDENTIFIED BY '{password.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}';");
        foreach (var grant in grants)
        {
            await server.ExecuteAsync(grant.Replace("@account", $"'{name}'@'%'", StringComparison.Ordinal));
        }
        return Root with { User = name, Password = password };
    }

    public MySqlSource Source(params IReadOnlyList<string> names) => Source(new MySqlSettings { Server = Root, Databases = names, Users = false });

    public static MySqlSource Source(MySqlSettings settings) => new(settings, TimeProvider.System);

    /// <summary>Files of one test's tools, and tools that still run.</summary>
    public IReadOnlyList<string> FindLeftovers() => [.. Temporary.Names, .. RunningProcesses.FindByArgument(Temporary.FullPath)];

    /// <summary>What restores into this test's databases have left beside them.</summary>
    public async Task<IReadOnlyList<string>> FindKeptAsync() =>
        [.. (await server.ExecuteAsync("SHOW DATABASES")).Split('\n')
            .Where(found => databases.Exists(name => found.StartsWith($"{name}_larder_", StringComparison.Ordinal)))];

    /// <summary>Everything about a database that its stock tool can say without rows.</summary>
    public async Task<string> DescribeAsync(string name) => (await ChildProcess.RunAsync(
        server.Dump("--no-data", "--routines", "--events", "--triggers", "--skip-dump-date", "--skip-comments", name))).Expect().Output;

    public async ValueTask DisposeAsync()
    {
        var drops = databases.Select(name => $"DROP DATABASE IF EXISTS `{name}`;").Concat(accounts.Select(name => $"DROP USER '{name}'@'%';"));
        await server.ExecuteAsync(string.Join('\n', drops));
        await Temporary.DisposeAsync();
    }
}
