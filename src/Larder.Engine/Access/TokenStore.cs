using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Access;

/// <summary>The API tokens in the catalog, by their hashes.</summary>
public sealed class TokenStore(CatalogDatabase catalog)
{
    /// <summary>How every token begins, so that people and scanners of secrets know it when they see one.</summary>
    public const string Prefix = "larder_";

    private const int NameLengthMax = 100;

    // A row is written at most this often for each token, however often it is used.
    private static readonly TimeSpan UsedAtStep = TimeSpan.FromMinutes(1);

    private const string Columns =
        "SELECT id, user, name, scopes, jobs, created_at, expires_at, used_at, revoked_at FROM tokens";

    /// <returns>The token, and its secret, which nobody can show again.</returns>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownUser"/>; <see cref="EngineError.TokenInvalid"/>.</exception>
    public (ApiToken Token, string Secret) Create(NewToken wanted)
    {
        var complaint = wanted.Scopes.Count == 0 ? "needs at least one scope"
            : wanted.Name.Length is 0 or > NameLengthMax || wanted.Name.Any(char.IsControl)
                ? $"needs a name of 1 to {NameLengthMax} characters, without control characters"
            : wanted.ExpiresIn <= TimeSpan.Zero ? "cannot expire before it begins"
            : wanted.Jobs is { Count: 0 } ? "that is limited to jobs needs at least one"
            : null;
        if (complaint is not null)
        {
            throw new LarderException(EngineError.TokenInvalid, $"A token {complaint}.");
        }
        var user = new UserStore(catalog).Get(wanted.User);
        var (id, secret, now) = (AccessSecret.NewId(), Prefix + AccessSecret.New(), catalog.Clock.GetUtcNow());
        catalog.Execute(
            """
            INSERT INTO tokens (id, hash, user, name, scopes, jobs, created_at, expires_at)
            VALUES ($id, $hash, $user, $name, $scopes, $jobs, $created_at, $expires_at)
            """,
            ("$id", id),
            ("$hash", AccessSecret.HashOf(secret)),
            ("$user", user.Name),
            ("$name", wanted.Name),
            ("$scopes", string.Join(' ', wanted.Scopes.Distinct().Order().Select(EnumWord.Of))),
            ("$jobs", wanted.Jobs is { } jobs ? string.Join(' ', jobs) : null),
            ("$created_at", CatalogDatabase.Text(now)),
            ("$expires_at", wanted.ExpiresIn is { } lasts ? CatalogDatabase.Text(now + lasts) : null));
        return (Find(id)!, secret);
    }

    /// <param name="user">Only this user's; null for all.</param>
    public IReadOnlyList<ApiToken> All(string? user = null) =>
        catalog.Query($"{Columns} WHERE $user IS NULL OR user = $user COLLATE NOCASE ORDER BY created_at, id", Read, ("$user", user));

    public ApiToken? Find(string id) => catalog.Query($"{Columns} WHERE id = $id", Read, ("$id", id)).FirstOrDefault();

    /// <summary>Revokes a token for good. One that is revoked already stays so.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownToken"/>.</exception>
    public ApiToken Revoke(string id)
    {
        catalog.Execute(
            "UPDATE tokens SET revoked_at = $at WHERE id = $id AND revoked_at IS NULL",
            ("$id", id),
            ("$at", CatalogDatabase.Text(catalog.Clock.GetUtcNow())));
        return Find(id) ?? throw new LarderException(EngineError.UnknownToken, "There is no token of this id.");
    }

    /// <summary>The usable token of a secret, and its user; null for everything else, whatever is wrong with it.</summary>
    public (ApiToken Token, User User)? Use(string secret)
    {
        var now = catalog.Clock.GetUtcNow();
        var token = catalog.Query($"{Columns} WHERE hash = $hash", Read, ("$hash", AccessSecret.HashOf(secret))).FirstOrDefault();
        if (token is null || !token.IsUsable(now) || new UserStore(catalog).Find(token.User) is not { IsDisabled: false } user)
        {
            return null;
        }
        if (token.UsedAt is not { } used || now - used >= UsedAtStep)
        {
            catalog.Execute("UPDATE tokens SET used_at = $at WHERE id = $id", ("$id", token.Id), ("$at", CatalogDatabase.Text(now)));
        }
        return (token, user);
    }

    private static ApiToken Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        User = row.GetString(1),
        Name = row.GetString(2),
        Scopes = [.. row.GetString(3).Split(' ').Select(CatalogDatabase.Parse<Scope>)],
        Jobs = row.IsDBNull(4) ? null : row.GetString(4).Split(' '),
        CreatedAt = CatalogDatabase.Time(row.GetString(5)),
        ExpiresAt = At(row, 6),
        UsedAt = At(row, 7),
        RevokedAt = At(row, 8),
    };

    private static DateTimeOffset? At(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : CatalogDatabase.Time(row.GetString(column));
}
