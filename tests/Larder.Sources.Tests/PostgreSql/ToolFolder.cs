using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>The real client programs, except that pg_dump is a script that does something to what the real one writes.</summary>
internal sealed class ToolFolder : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();

    public static string RealDump { get; } = Path.Combine(PostgresServer.ProgramFolder ?? "", "pg_dump");

    public PostgreSqlToolLocator Locator => new([folder["bin"]]);

    public static async Task<ToolFolder> MakeAsync(string script, CancellationToken cancellationToken)
    {
        var made = new ToolFolder();
        made.folder.Make("bin");
        foreach (var name in (string[])["psql", "pg_dumpall", "pg_restore"])
        {
            File.CreateSymbolicLink(made.folder.Combine("bin", name), Path.Combine(PostgresServer.ProgramFolder!, name));
        }
        var path = made.folder.Combine("bin", "pg_dump");
        await File.WriteAllTextAsync(
            path, $"#!/bin/bash\n[ \"$1\" = --version ] && exec {RealDump} --version\n{script}\n", cancellationToken);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return made;
    }

    public ValueTask DisposeAsync() => folder.DisposeAsync();
}
