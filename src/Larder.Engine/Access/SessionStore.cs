using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Larder.Engine.Catalog;

namespace Larder.Engine.Access;

/// <summary>Who is logged in with a browser. The cookie holds the secret, the catalog its hash.</summary>
public sealed class SessionStore(CatalogDatabase catalog)
{
    /// <summary>A session that is not used ends after this time.</summary>
    public static readonly TimeSpan IdleMax = TimeSpan.FromHours(12);

    /// <summary>And one that is used, after this.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromDays(7);

    private static readonly TimeSpan SeenAtStep = TimeSpan.FromMinutes(1);

    /// <returns>The secret for the cookie.</returns>
    public string Begin(string user, string address)
    {
        var (secret, now) = (AccessSecret.New(), catalog.Clock.GetUtcNow());
        catalog.Execute("DELETE FROM sessions WHERE expires_at <= $now", ("$now", CatalogDatabase.Text(now)));
        catalog.Execute(
            """
            INSERT INTO sessions (hash, user, created_at, seen_at, expires_at, address)
            VALUES ($hash, $user, $now, $now, $expires_at, $address)
            """,
            ("$hash", AccessSecret.HashOf(secret)),
            ("$user", user),
            ("$now", CatalogDatabase.Text(now)),
            ("$expires_at", CatalogDatabase.Text(now + AgeMax)),
            ("$address", address));
        return secret;
    }

    /// <summary>The user of a session that has not ended; null otherwise.</summary>
    public User? Find(string secret)
    {
        var now = catalog.Clock.GetUtcNow();
        var hash = AccessSecret.HashOf(secret);
        var found = catalog.Query(
            "SELECT user, seen_at, expires_at FROM sessions WHERE hash = $hash",
            row => (User: row.GetString(0), Seen: CatalogDatabase.Time(row.GetString(1)), Expires: CatalogDatabase.Time(row.GetString(2))),
            ("$hash", hash));
        if (found is not [var session] || session.Expires <= now || now - session.Seen > IdleMax)
        {
            return null;
        }
        if (now - session.Seen >= SeenAtStep)
        {
            catalog.Execute("UPDATE sessions SET seen_at = $at WHERE hash = $hash", ("$hash", hash), ("$at", CatalogDatabase.Text(now)));
        }
        return new UserStore(catalog).Find(session.User) is { IsDisabled: false } user ? user : null;
    }

    public void End(string secret) => catalog.Execute("DELETE FROM sessions WHERE hash = $hash", ("$hash", AccessSecret.HashOf(secret)));

    /// <summary>
    /// What a page must send back with every change. It follows from the secret and does not tell it, so it needs no place of its own.
    /// </summary>
    public static string CsrfTokenOf(string secret) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "csrf token of a session"u8));
}
