using Larder.Sources.Dumps;

namespace Larder.Sources.MySql;

/// <summary>Reads stored dumps of MySQL and MariaDB without a server.</summary>
public sealed class MySqlCheck : IDumpCheck
{
    public async Task<IReadOnlyList<EntryFacts>> ReadFactsAsync(
        IStoredDump dump, Action<long> advance, CancellationToken cancellationToken)
    {
        var facts = new List<EntryFacts>();
        foreach (var file in dump.Files.OrderBy(file => file.Path.ToString(), StringComparer.Ordinal))
        {
            await using var content = new CountedStream(await dump.OpenAsync(file.Path, cancellationToken), advance);
            try
            {
                if (await ReadFileAsync(file.Path.ToString(), content, cancellationToken) is { } found)
                {
                    facts.Add(found with { Bytes = content.BytesRead });
                }
            }
            catch (SourceException error) when (error.Error == SourceError.Damaged)
            {
                throw new SourceException(SourceError.Damaged, $"{file.Path} does not parse. {error.Message}", error);
            }
        }
        return facts;
    }

    private static async Task<EntryFacts?> ReadFileAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        var slash = path.LastIndexOf('/');
        var file = path[(slash + 1)..];
        var database = slash < 0 ? "" : DumpNames.Unescape(path[..slash]);
        var table = DumpNames.TableOf(file);
        var fingerprint = await ReadRowsAsync(content, table, cancellationToken);
        return file switch
        {
            _ when table is not null => new EntryFacts
            {
                Name = $"{database}.{table}",
                Kind = MySqlKinds.Table,
                File = path,
                Rows = fingerprint.Rows,
                Fingerprint = fingerprint,
            },
            DumpNames.Users => new EntryFacts { Name = "users", Kind = MySqlKinds.Users, File = path },
            DumpNames.After => new EntryFacts { Name = database, Kind = MySqlKinds.After, File = path },
            _ when DumpNames.IsTables(file) => new EntryFacts { Name = database, Kind = MySqlKinds.Definitions, File = path },
            DumpNames.Database => null,
            _ => throw new SourceException(SourceError.Damaged, "It is none of the files that a dump has."),
        };
    }

    private static async Task<Fingerprint> ReadRowsAsync(Stream content, string? table, CancellationToken cancellationToken)
    {
        var fingerprint = new FingerprintBuilder();
        var scanner = new SqlScanner(content);
        using var rows = new RowReader(scanner, fingerprint);
        while (await scanner.MoveNextAsync(cancellationToken) is var kind and not SqlKind.End)
        {
            if (kind == SqlKind.Rows)
            {
                CheckTable(SqlText.FindName(scanner.Text.Span), table);
                await rows.SkipAsync(cancellationToken);
            }
        }
        return scanner.IsComplete
            ? fingerprint.ToFingerprint()
            : throw new SourceException(SourceError.Damaged, "Its last line does not say that it is complete.");
    }

    private static void CheckTable(string? named, string? expected)
    {
        if (named != expected)
        {
            throw new SourceException(
                SourceError.Damaged, $"It holds rows of {named ?? "no table"}, where those of {expected ?? "none"} belong.");
        }
    }
}
