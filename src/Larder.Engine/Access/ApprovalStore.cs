using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Access;

/// <summary>Who asked a second person, and what the second person said.</summary>
public sealed class ApprovalStore(CatalogDatabase catalog)
{
    /// <summary>Long enough to find somebody, short enough that both still mean the same thing.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromHours(8);

    private const string Columns =
        """
        SELECT id, action, target, requested_by, requested_at, expires_at, approved_by, approved_at, used_at FROM approvals
        """;

    /// <param name="action">What is to be done.</param>
    /// <param name="target">To what.</param>
    /// <param name="request">The whole request as text: the yes is for exactly this.</param>
    /// <param name="user">Who asks.</param>
    public Approval Request(string action, string target, string request, string user)
    {
        var (id, now) = (AccessSecret.NewId(), catalog.Clock.GetUtcNow());
        catalog.Execute(
            """
            INSERT INTO approvals (id, action, target, request_hash, requested_by, requested_at, expires_at)
            VALUES ($id, $action, $target, $request_hash, $user, $now, $expires_at)
            """,
            ("$id", id),
            ("$action", action),
            ("$target", target),
            ("$request_hash", AccessSecret.HashOf(request)),
            ("$user", user),
            ("$now", CatalogDatabase.Text(now)),
            ("$expires_at", CatalogDatabase.Text(now + Lasts)));
        return Get(id);
    }

    /// <summary>Those that wait or were given and are not over, newest first.</summary>
    public IReadOnlyList<Approval> Open() => catalog.Query(
        $"{Columns} WHERE used_at IS NULL AND expires_at > $now ORDER BY requested_at DESC, id",
        Read,
        ("$now", CatalogDatabase.Text(catalog.Clock.GetUtcNow())));

    /// <exception cref="LarderException"><see cref="EngineError.UnknownApproval"/>.</exception>
    public Approval Get(string id) => catalog.Query($"{Columns} WHERE id = $id", Read, ("$id", id)).FirstOrDefault()
        ?? throw new LarderException(EngineError.UnknownApproval, "There is no request for a second person of this id.");

    /// <exception cref="LarderException"><see cref="EngineError.UnknownApproval"/>, over or used too;
    /// <see cref="EngineError.SecondPersonNeeded"/> where it is the same person.</exception>
    public Approval Approve(string id, string user)
    {
        if (string.Equals(Get(id).RequestedBy, user, StringComparison.OrdinalIgnoreCase))
        {
            throw new LarderException(EngineError.SecondPersonNeeded, "Who asked for a second person cannot be the second person.");
        }
        var now = CatalogDatabase.Text(catalog.Clock.GetUtcNow());
        var changed = catalog.Execute(
            """
            UPDATE approvals SET approved_by = $user, approved_at = $now
            WHERE id = $id AND approved_by IS NULL AND used_at IS NULL AND expires_at > $now
            """,
            ("$id", id),
            ("$user", user),
            ("$now", now));
        return changed == 1
            ? Get(id)
            : throw new LarderException(EngineError.UnknownApproval, "The request for a second person is over, or was answered already.");
    }

    /// <summary>Uses a yes up. False where there is none for exactly this request of this user.</summary>
    public bool TryUse(string id, string action, string request, string user) => catalog.Execute(
        """
        UPDATE approvals SET used_at = $now
        WHERE id = $id AND action = $action AND request_hash = $request_hash AND requested_by = $user COLLATE NOCASE
            AND approved_by IS NOT NULL AND used_at IS NULL AND expires_at > $now
        """,
        ("$id", id),
        ("$action", action),
        ("$request_hash", AccessSecret.HashOf(request)),
        ("$user", user),
        ("$now", CatalogDatabase.Text(catalog.Clock.GetUtcNow()))) == 1;

    private static Approval Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Action = row.GetString(1),
        Target = row.GetString(2),
        RequestedBy = row.GetString(3),
        RequestedAt = CatalogDatabase.Time(row.GetString(4)),
        ExpiresAt = CatalogDatabase.Time(row.GetString(5)),
        ApprovedBy = row.IsDBNull(6) ? null : row.GetString(6),
        ApprovedAt = row.IsDBNull(7) ? null : CatalogDatabase.Time(row.GetString(7)),
        UsedAt = row.IsDBNull(8) ? null : CatalogDatabase.Time(row.GetString(8)),
    };
}
