using System.Text;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>One table's rows into a new table beside the live one.</summary>
internal static class TableCopy
{
    private const int NameBytesMax = 63;

    public static async Task<RestoreWork> DecideAsync(
        NpgsqlConnection connection, RestoreWork work, string name, List<string> refusals, CancellationToken cancellationToken)
    {
        if (work.Tables is not [var table])
        {
            return work; // Refused already.
        }
        var full = $"{table.Schema}.{table.Tag}";
        var rows = work.Dump.Toc.Entries.FirstOrDefault(entry =>
            entry.Kind == TocEntry.TableData && entry.Schema == table.Schema && entry.Tag == table.Tag);
        var copy = table with { Tag = name };
        var there = await LiveTables.FindAsync(connection, [table, copy], cancellationToken);
        if (!there.ContainsKey(table))
        {
            refusals.Add($"There is no table {full} in {work.Target} whose definition a table beside it could have. Restore it under its "
                + "own name.");
        }
        if (there.ContainsKey(copy))
        {
            refusals.Add($"There is a {table.Schema}.{name} in {work.Target} already. Choose another name.");
        }
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > NameBytesMax)
        {
            refusals.Add($"The name of a table has 1 to {NameBytesMax} bytes, and \"{name}\" has not.");
        }
        if (rows is null || work.Part != Dumps.DumpPart.All)
        {
            refusals.Add($"Only all of a table that holds rows itself can be restored under another name; the rows of {full} are in its "
                + "partitions, or only a part of it is asked for.");
        }
        return work with
        {
            Way = RestoreWay.Within,
            CopyName = name,
            Toc = work.Toc with
            {
                Entries =
                [
                    .. work.Toc.Entries.Where(TocParts.IsPreamble),
                    .. rows is null ? [] : new[] { CopyStatement.Rename(rows, name) },
                ],
            },
            Steps =
            [
                $"The rows of {work.Dump.NameEntry(table)} are restored into a new table {table.Schema}.{name} in {work.Target}, in one "
                + "transaction that is committed when they have been read back and compared with the backup.",
                $"The new table has the columns, defaults, checks and indexes that {full} has now, and not its foreign keys and triggers; "
                + $"{full} stays as it is.",
            ],
        };
    }
}
