using System.Globalization;
using System.Text;
using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// A database of a dump as the plain script that `pg_dump` writes, for psql: definitions as pg_restore writes them, between them the stored
/// rows as they are. No server is asked, and nothing but the table of contents lies on a disk.
/// </summary>
public sealed class PostgreSqlScriptText(TimeProvider clock) : IDumpScript
{
    private const int PieceBytes = 256 * 1024;

    // Large objects are written in pieces, as pg_dump does: each is twice as long in the script.
    private const int ObjectPieceBytes = 16 * 1024;

    private readonly PostgreSqlToolLocator locator = new();

    public async Task<IReadOnlyList<string>> ListAsync(IStoredDump dump, CancellationToken cancellationToken) =>
        [.. (await StoredDatabase.ReadAllAsync(dump, cancellationToken)).Select(database => database.Name)];

    public async Task WriteAsync(
        IStoredDump dump, string database, Stream output, Action<long> advance, CancellationToken cancellationToken)
    {
        var stored = (await StoredDatabase.ReadAllAsync(dump, cancellationToken)).Single(one => one.Name == database);
        var toc = stored.Toc;
        var script = new ArchiveScript(ToolsFor(toc), clock);
        await script.CopyAsync(toc, "pre-data", output, cancellationToken);
        // Large objects are made here, and sequences get their values, which rows do not change.
        await script.CopyAsync(
            toc with { Entries = [.. toc.Entries.Where(entry => !entry.HasData)] }, "data", output, cancellationToken);
        foreach (var entry in toc.Entries.Where(entry => entry.HasData))
        {
            await (entry.Kind == TocEntry.LargeObjects
                ? WriteObjectsAsync(dump, stored, entry, output, advance, cancellationToken)
                : WriteRowsAsync(dump, stored, entry, output, advance, cancellationToken));
        }
        await script.CopyAsync(toc, "post-data", output, cancellationToken);
    }

    /// <summary>Those of the dump's version, so that the script is for such servers; otherwise the next newer, or the newest.</summary>
    private PostgreSqlTools ToolsFor(ArchiveToc toc)
    {
        var digits = new string([.. (toc.Header.ToolVersion ?? "").TakeWhile(char.IsAsciiDigit)]);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            ? locator.Installed.FirstOrDefault(tools => tools.MajorVersion >= major) ?? locator.Newest
            : locator.Newest;
    }

    private static async Task WriteRowsAsync(
        IStoredDump dump,
        StoredDatabase database,
        TocEntry table,
        Stream output,
        Action<long> advance,
        CancellationToken cancellationToken)
    {
        if (table.CopyStatement is not { } statement)
        {
            throw new SourceException(
                SourceError.Damaged,
                $"The rows of {table.Schema}.{table.Tag} are not stored as COPY reads them; such dumps are not Larder's.");
        }
        await output.WriteAsync(database.Toc.TextEncoding.GetBytes($"{statement.TrimEnd()}\n"), cancellationToken);
        await using var content = await dump.OpenAsync(database.Files[table.DataFile!].Path, cancellationToken);
        var piece = new byte[PieceBytes];
        while (await content.ReadAsync(piece, cancellationToken) is var count and > 0)
        {
            await output.WriteAsync(piece.AsMemory(0, count), cancellationToken);
            advance(count);
        }
    }

    private static async Task WriteObjectsAsync(
        IStoredDump dump,
        StoredDatabase database,
        TocEntry list,
        Stream output,
        Action<long> advance,
        CancellationToken cancellationToken)
    {
        await output.WriteAsync("BEGIN;\n\n"u8.ToArray(), cancellationToken);
        await using (var content = await dump.OpenAsync(database.Files[list.DataFile!].Path, cancellationToken))
        {
            using var reader = new StreamReader(content);
            await foreach (var (oid, name) in LargeObjectList.ReadAsync(reader, list.DataFile!, cancellationToken))
            {
                var file = database.Files.GetValueOrDefault(name) ?? throw new SourceException(
                    SourceError.Damaged, $"The dump of the database {database.Folder} is not whole: the file {name} is not stored.");
                await WriteObjectAsync(dump, file, oid, output, advance, cancellationToken);
            }
        }
        await output.WriteAsync("COMMIT;\n\n"u8.ToArray(), cancellationToken);
    }

    private static async Task WriteObjectAsync(
        IStoredDump dump, StoredFile file, uint oid, Stream output, Action<long> advance, CancellationToken cancellationToken)
    {
        await SayAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT pg_catalog.lo_open('{oid}', 131072);\n"));
        await using var content = await dump.OpenAsync(file.Path, cancellationToken);
        var piece = new byte[ObjectPieceBytes];
        while (await content.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellationToken) is var count and > 0)
        {
            // The one that is open has the number 0.
            await SayAsync($"SELECT pg_catalog.lowrite(0, '\\x{Convert.ToHexStringLower(piece.AsSpan(0, count))}');\n");
            advance(count);
        }
        await SayAsync("SELECT pg_catalog.lo_close(0);\n\n");

        ValueTask SayAsync(string text) => output.WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken);
    }
}
