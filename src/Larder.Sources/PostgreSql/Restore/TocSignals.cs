namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Leaves the loading of tables to somebody else, and to pg_restore the order of everything: an entry of rows without a COPY statement
/// means that it reads the data file to its end and then goes on to what needs the rows. So its end is the signal that they are there.
/// </summary>
internal static class TocSignals
{
    /// <summary>
    /// pg_restore empties the tables that entries of rows name as needed, and keeps them locked until their end. So they name none, and
    /// what comes after the data needs the rows instead of the table, as pg_restore itself would have it.
    /// </summary>
    public static ArchiveToc InsteadOfRows(ArchiveToc toc)
    {
        var rowsOf = toc.Entries
            .Where(entry => entry is { Kind: TocEntry.TableData, HasData: true, Dependencies.Count: > 0 })
            .ToLookup(entry => entry.Dependencies[0], entry => entry.DumpId)
            .ToDictionary(rows => rows.Key, rows => rows.First());
        return toc with
        {
            Entries = [.. toc.Entries.Select(entry => entry switch
            {
                { Kind: TocEntry.TableData, HasData: true } => entry with { CopyStatement = null, Dependencies = [] },
                { Section: TocSection.PostData } => entry with
                {
                    Dependencies = [.. entry.Dependencies.Select(id => rowsOf.GetValueOrDefault(id, id))],
                },
                _ => entry,
            })],
        };
    }
}
