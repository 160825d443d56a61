using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Access;

/// <summary>The way in to an installation that has no user yet: a link that works once, for a day. A new one ends the one before.</summary>
public sealed class OwnerLink(CatalogDatabase catalog)
{
    public static readonly TimeSpan Lasts = TimeSpan.FromHours(24);

    /// <returns>The secret of the link; null where there is a user already.</returns>
    public string? TryCreate() => catalog.InTransaction(() =>
    {
        if (!new UserStore(catalog).IsEmpty)
        {
            return null;
        }
        var secret = AccessSecret.New();
        catalog.Execute("DELETE FROM owner_links");
        catalog.Execute(
            "INSERT INTO owner_links (hash, expires_at) VALUES ($hash, $expires_at)",
            ("$hash", AccessSecret.HashOf(secret)),
            ("$expires_at", CatalogDatabase.Text(catalog.Clock.GetUtcNow() + Lasts)));
        return secret;
    });

    /// <summary>Makes the owner, and with that the link is used up. A password that will not do leaves it usable.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.OwnerLinkInvalid"/>; <see cref="EngineError.UserInvalid"/>.</exception>
    public User Use(string secret, string name, string password)
    {
        EnsureValid(secret); // Before a password is hashed, which takes long: strangers try links too.
        var hash = UserStore.HashFor(name, password);
        return catalog.InTransaction(() =>
        {
            EnsureValid(secret);
            var owner = new UserStore(catalog).AddInside(name, Role.Owner, hash);
            catalog.Execute("DELETE FROM owner_links");
            return owner;
        });
    }

    private void EnsureValid(string secret)
    {
        var found = catalog.Query(
            "SELECT expires_at FROM owner_links WHERE hash = $hash",
            row => CatalogDatabase.Time(row.GetString(0)),
            ("$hash", AccessSecret.HashOf(secret)));
        if (found is not [var expiresAt] || expiresAt <= catalog.Clock.GetUtcNow() || !new UserStore(catalog).IsEmpty)
        {
            throw new LarderException(EngineError.OwnerLinkInvalid, "The link for the first owner is not valid, or no longer.");
        }
    }
}
