using Larder.Engine.Catalog;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Access;

/// <summary>
/// Who did what. The catalog refuses to change or remove an entry; who goes past it, by writing into the file, breaks the chain of hashes.
/// Whoever can write the file can also forge a whole chain: that shows only against a head that was noted elsewhere
/// (`larder audit --verify --head HASH`).
/// </summary>
public sealed class AuditLog(CatalogDatabase catalog)
{
    private const int TextLengthMax = 500;
    private const int VerifiedAtOnce = 1000;
    private static readonly string Beginning = new('0', 64);

    private const string Columns =
        "SELECT number, at, actor, way, address, action, target, outcome, details, previous, hash FROM audit";

    public AuditEntry Append(AuditEvent what)
    {
        var clean = what with
        {
            Actor = Clean(what.Actor),
            Way = Clean(what.Way),
            Address = Clean(what.Address),
            Action = Clean(what.Action),
            Target = Clean(what.Target),
            Details = Clean(what.Details),
        };
        return catalog.InTransaction(() =>
        {
            var last = catalog.Query(
                "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", row => (Number: row.GetInt64(0), Hash: row.GetString(1)));
            var (number, previous) = last is [var before] ? (before.Number + 1, before.Hash) : (1, Beginning);
            var at = CatalogDatabase.Text(catalog.Clock.GetUtcNow());
            var hash = AuditEntry.HashOf(previous, number, at, clean);
            catalog.Execute(
                """
                INSERT INTO audit (number, at, actor, way, address, action, target, outcome, details, previous, hash)
                VALUES ($number, $at, $actor, $way, $address, $action, $target, $outcome, $details, $previous, $hash)
                """,
                ("$number", number),
                ("$at", at),
                ("$actor", clean.Actor),
                ("$way", clean.Way),
                ("$address", clean.Address),
                ("$action", clean.Action),
                ("$target", clean.Target),
                ("$outcome", EnumWord.Of(clean.Outcome)),
                ("$details", clean.Details),
                ("$previous", previous),
                ("$hash", hash));
            return new AuditEntry { Number = number, At = CatalogDatabase.Time(at), What = clean, Previous = previous, Hash = hash };
        });
    }

    /// <summary>Newest first.</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="offset">Passing over so many.</param>
    /// <param name="actor">Only this user's; null for all.</param>
    /// <param name="action">Only this action, or all that begin with it and a dot; null for all.</param>
    public (IReadOnlyList<AuditEntry> Entries, long Total) Page(int limit, int offset, string? actor = null, string? action = null)
    {
        const string Where =
            """
            WHERE ($actor IS NULL OR actor = $actor)
                AND ($action IS NULL OR action = $action OR substr(action, 1, length($action) + 1) = $action || '.')
            """;
        (string, object?)[] filter = [("$actor", actor), ("$action", action)];
        return (
            catalog.Query(
                $"{Columns} {Where} ORDER BY number DESC LIMIT $limit OFFSET $offset",
                Read,
                [.. filter, ("$limit", limit), ("$offset", offset)]),
            catalog.Query($"SELECT count(*) FROM audit {Where}", row => row.GetInt64(0), filter)[0]);
    }

    /// <summary>Follows the chain from its first entry to its last.</summary>
    /// <param name="knownHead">A head that was noted before and must be in the chain; null for none.</param>
    public AuditVerdict Verify(string? knownHead = null)
    {
        var (previous, expected, isKnown) = (Beginning, 1L, knownHead is null || knownHead == Beginning);
        while (true)
        {
            var page = catalog.Query(
                $"{Columns} WHERE number >= $from ORDER BY number LIMIT $limit",
                Read,
                ("$from", expected),
                ("$limit", VerifiedAtOnce));
            foreach (var entry in page)
            {
                if (entry.Number != expected)
                {
                    return Broken(expected, previous, $"Entry {expected} of the audit log is missing.");
                }
                if (entry.Previous != previous
                    || entry.Hash != AuditEntry.HashOf(previous, entry.Number, CatalogDatabase.Text(entry.At), entry.What))
                {
                    return Broken(expected, previous, $"Entry {expected} of the audit log is not as it was written.");
                }
                (previous, expected) = (entry.Hash, expected + 1);
                isKnown |= previous == knownHead;
            }
            if (page.Count < VerifiedAtOnce)
            {
                break;
            }
        }
        var written = catalog.Query("SELECT seq FROM sqlite_sequence WHERE name = 'audit'", row => row.GetInt64(0)).FirstOrDefault();
        return written >= expected
            ? Broken(expected, previous, $"The audit log ends with entry {expected - 1}, and {written} were written.")
            : !isKnown ? Broken(expected, previous, "The head that was noted before is not in the audit log: entries were replaced.")
            : new AuditVerdict(expected - 1, previous, null, null);
    }

    private static AuditVerdict Broken(long number, string head, string complaint) => new(number - 1, head, number, complaint);

    // Bounded, and without what could forge a line where the log is printed.
    private static string Clean(string text)
    {
        var cut = text.Length <= TextLengthMax ? text : $"{text[..TextLengthMax]}…";
        return string.Concat(cut.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
    }

    private static AuditEntry Read(SqliteDataReader row) => new()
    {
        Number = row.GetInt64(0),
        At = CatalogDatabase.Time(row.GetString(1)),
        What = new AuditEvent
        {
            Actor = row.GetString(2),
            Way = row.GetString(3),
            Address = row.GetString(4),
            Action = row.GetString(5),
            Target = row.GetString(6),
            Outcome = CatalogDatabase.Parse<AuditOutcome>(row.GetString(7)),
            Details = row.GetString(8),
        },
        Previous = row.GetString(9),
        Hash = row.GetString(10),
    };
}
