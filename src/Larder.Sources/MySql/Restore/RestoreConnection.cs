using Larder.Sources.Tools;

namespace Larder.Sources.MySql.Restore;

/// <summary>A server to restore into, and the programs that talk to it.</summary>
internal sealed record RestoreConnection(MySqlServer Server, MySqlClient Client, MySqlTools Tools, MySqlDump Dump, TimeProvider Clock)
{
    /// <summary>Finds the programs and asks the server what it is. Fails with <see cref="SourceException"/>.</summary>
    public static async Task<RestoreConnection> OpenAsync(MySqlServer server, TimeProvider clock, CancellationToken cancellationToken)
    {
        var program = MySqlTools.FindClient(server);
        var version = await MySqlClient.ReadOutputAsync(
            new ToolStart { Program = program, Arguments = ["--no-defaults", "--version"], ShownName = Path.GetFileName(program) },
            clock,
            cancellationToken);
        var client = new MySqlClient(server, program, MySqlTools.IsMariaDb(version), clock);
        var serverVersion = (await client.QueryAsync("SELECT VERSION();", cancellationToken))[0][0];
        var tools = await MySqlTools.FindAsync(server, MySqlTools.IsMariaDb(serverVersion), clock, cancellationToken);
        return new RestoreConnection(server, client, tools, new MySqlDump(server, tools, clock, timeout: null), clock);
    }
}
