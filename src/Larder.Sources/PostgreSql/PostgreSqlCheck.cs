using System.Buffers;
using System.Globalization;
using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// Reads dumps of PostgreSQL without a server: every table of contents is parsed, every data file is read to its end, and its rows are
/// counted
/// and fingerprinted as they were while dumping. One buffer of 256 KiB and one table of contents are in memory.
/// </summary>
public sealed class PostgreSqlCheck : IDumpCheck
{
    private const int BufferBytes = 256 * 1024;

    public async Task<IReadOnlyList<EntryFacts>> ReadFactsAsync(IStoredDump dump, Action<long> advance, CancellationToken cancellationToken)
    {
        var files = dump.Files.ToDictionary(file => file.Path.ToString(), StringComparer.Ordinal);
        var facts = new List<EntryFacts>();
        if (files.GetValueOrDefault(DatabaseFolder.GlobalsFile) is { } globals)
        {
            facts.Add(await ReadGlobalsAsync(dump, globals, advance, cancellationToken));
        }
        foreach (var path in files.Keys.Where(IsToc).Order(StringComparer.Ordinal))
        {
            var folder = path[..^(DatabaseFolder.TocFile.Length + 1)];
            facts.AddRange(await new DatabaseRead(dump, files, folder, advance).ReadAsync(cancellationToken));
        }
        return facts;
    }

    private static bool IsToc(string path) =>
        path.EndsWith("/" + DatabaseFolder.TocFile, StringComparison.Ordinal) && path.Count(character => character == '/') == 1;

    private static async Task<EntryFacts> ReadGlobalsAsync(
        IStoredDump dump, StoredFile file, Action<long> advance, CancellationToken cancellationToken)
    {
        await using var content = await dump.OpenAsync(file.Path, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        long bytes = 0;
        try
        {
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                advance(count);
                bytes += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return new EntryFacts { Name = "globals", Kind = "globals", File = DatabaseFolder.GlobalsFile, Bytes = bytes };
    }

    /// <summary>One database's folder.</summary>
    private sealed class DatabaseRead(
        IStoredDump dump, IReadOnlyDictionary<string, StoredFile> files, string folder, Action<long> advance)
    {
        private readonly string database = DatabaseFolder.Decode(folder);

        public async Task<IReadOnlyList<EntryFacts>> ReadAsync(CancellationToken cancellationToken)
        {
            var facts = new List<EntryFacts>();
            using var rows = new CopyText();
            using var objects = new LargeObjectHasher();
            foreach (var entry in (await ReadTocAsync(cancellationToken)).Entries.Where(entry => entry.DataFile is not null))
            {
                facts.Add(entry.Kind == TocEntry.LargeObjects
                    ? await ReadObjectsAsync(entry.DataFile!, objects, cancellationToken)
                    : await ReadTableAsync(entry, rows, cancellationToken));
            }
            return facts;
        }

        private async Task<ArchiveToc> ReadTocAsync(CancellationToken cancellationToken)
        {
            var file = Find(DatabaseFolder.TocFile);
            try
            {
                await using var content = await dump.OpenAsync(file.Path, cancellationToken);
                var toc = await ArchiveToc.ReadAsync(content, cancellationToken);
                advance(file.Bytes);
                return toc.Header is { Format: ArchiveFormat.Directory, Compression: 0 } ? toc : throw new SourceException(
                    SourceError.Damaged, "It is not the table of contents of an uncompressed directory.");
            }
            catch (SourceException error)
            {
                throw Name(error, file);
            }
        }

        private async Task<EntryFacts> ReadTableAsync(TocEntry entry, CopyText rows, CancellationToken cancellationToken)
        {
            var file = Find(entry.DataFile!);
            try
            {
                await ReadFileAsync(file, bytes => rows.Append(bytes), cancellationToken);
                return PartFacts.OfTable(database, entry, entry.DataFile!, rows.EndTable(), file.Bytes);
            }
            catch (SourceException error)
            {
                throw Name(error, file);
            }
        }

        private async Task<EntryFacts> ReadObjectsAsync(string listName, LargeObjectHasher objects, CancellationToken cancellationToken)
        {
            var list = Find(listName);
            await using var content = await dump.OpenAsync(list.Path, cancellationToken);
            using var lines = new StreamReader(content);
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.Split(' ') is not [var oid, var name]
                    || !uint.TryParse(oid, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                {
                    throw Name(new SourceException(SourceError.Damaged, $"A line of it is \"{line}\"."), list);
                }
                objects.Begin(number);
                await ReadFileAsync(Find(name), objects.Append, cancellationToken);
                objects.EndObject();
            }
            advance(list.Bytes);
            return PartFacts.OfLargeObjects(database, listName, objects.EndList());
        }

        private async Task ReadFileAsync(StoredFile file, TakeBytes take, CancellationToken cancellationToken)
        {
            await using var content = await dump.OpenAsync(file.Path, cancellationToken);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                int count;
                while ((count = await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellationToken)) > 0)
                {
                    take(buffer.AsSpan(0, count));
                    advance(count);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        private StoredFile Find(string name) => files.GetValueOrDefault($"{folder}/{name}") ?? throw new SourceException(
            SourceError.Damaged, $"The file {folder}/{name} of the dump is missing.");

        private static SourceException Name(SourceException error, StoredFile file) =>
            new(error.Error, $"The file {file.Path} of the dump does not parse. {error.Message}", error);
    }

    private delegate void TakeBytes(ReadOnlySpan<byte> bytes);
}
