using Larder.Sources.Dumps;

namespace Larder.Sources.MySql;

/// <summary>A database of a dump as one script: its files, one after the other. `CREATE DATABASE` and `USE` are in the first.</summary>
public sealed class MySqlScriptText : IDumpScript
{
    private const int PieceBytes = 256 * 1024;

    public Task<IReadOnlyList<string>> ListAsync(IStoredDump dump, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. DumpInventory.Of(dump).Databases.Select(database => database.Name)]);

    public async Task WriteAsync(
        IStoredDump dump, string database, Stream output, Action<long> advance, CancellationToken cancellationToken)
    {
        var stored = DumpInventory.Of(dump).Databases.Single(one => one.Name == database);
        var rows = stored.Rows.OrderBy(table => table.Key, StringComparer.Ordinal).Select(table => table.Value);
        var piece = new byte[PieceBytes];
        foreach (var file in new[] { stored.Create }.Concat(stored.Definitions).Concat(rows).Append(stored.After).OfType<StoredFile>())
        {
            await using var content = await dump.OpenAsync(file.Path, cancellationToken);
            while (await content.ReadAsync(piece, cancellationToken) is var count and > 0)
            {
                await output.WriteAsync(piece.AsMemory(0, count), cancellationToken);
                advance(count);
            }
        }
    }
}
