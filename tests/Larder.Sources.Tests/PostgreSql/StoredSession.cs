using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>A whole session of a source, written into a folder as a backup's export would be.</summary>
internal static class StoredSession
{
    public static PostgreSqlSettings Settings(PostgresServer server, string database) => new() { Url = server.Url(database) };

    public static Task<SourceOutcome> WriteAsync(PostgreSqlSettings settings, string folder, CancellationToken cancellationToken) =>
        WriteAsync(new PostgreSqlSource(settings, TimeProvider.System), folder, cancellationToken);

    public static async Task<SourceOutcome> WriteAsync(ISource source, string folder, CancellationToken cancellationToken)
    {
        await using var session = await source.OpenAsync(cancellationToken);
        await foreach (var entry in session.ReadEntriesAsync(cancellationToken))
        {
            var path = Path.Combine(folder, entry.Path.ToString());
            if (entry.OpenContent is null)
            {
                Directory.CreateDirectory(path);
                continue;
            }
            await using var content = await entry.OpenContent(cancellationToken);
            await using var file = File.Create(path);
            await content.CopyToAsync(file, cancellationToken);
        }
        return await session.CompleteAsync(cancellationToken);
    }

    /// <summary>As <c>pg_dump --schema-only</c> tells it, without what differs from one run to the next.</summary>
    public static async Task<string> DescribeSchemaAsync(PostgresServer server, string database, CancellationToken cancellationToken)
    {
        var text = (await ChildProcess.RunAsync(server.Tool("pg_dump", "--schema-only", database), cancellationToken)).Expect().Output;
        return string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("\\restrict", StringComparison.Ordinal)
            && !line.StartsWith("\\unrestrict", StringComparison.Ordinal)));
    }
}
