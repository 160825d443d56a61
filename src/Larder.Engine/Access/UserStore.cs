using System.Text.RegularExpressions;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Access;

/// <summary>
/// The users in the catalog. Fails with <see cref="LarderException"/> in the catalog's errors besides those that are named.
/// </summary>
public sealed partial class UserStore(CatalogDatabase catalog)
{
    public const int PasswordLengthMin = 12;
    public const int PasswordLengthMax = 256;

    // Five slips are human. Then each further failure doubles the wait, up to a quarter of an hour: 100 guesses a day, and whoever is
    // locked out by a stranger is let in again soon.
    private const int FailuresFree = 5;
    private static readonly TimeSpan LockedAtFirst = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LockedAtMost = TimeSpan.FromMinutes(15);

    private const string Columns =
        "SELECT name, role, created_at, last_login_at, locked_until, disabled_at, password_hash <> '' FROM users";

    /// <summary>Whether nobody can log in yet.</summary>
    public bool IsEmpty => catalog.Query("SELECT count(*) FROM users", row => row.GetInt64(0))[0] == 0;

    public IReadOnlyList<User> All() => catalog.Query($"{Columns} ORDER BY name", Read);

    public User? Find(string name) => catalog.Query($"{Columns} WHERE name = $name", Read, ("$name", name)).FirstOrDefault();

    /// <exception cref="LarderException"><see cref="EngineError.UnknownUser"/>.</exception>
    public User Get(string name) => Find(name)
        ?? throw new LarderException(EngineError.UnknownUser, $"There is no user \"{Shown(name)}\".");

    /// <exception cref="LarderException"><see cref="EngineError.UserInvalid"/>: the name or password will not do, or it is taken.
    /// </exception>
    public User Add(string name, Role role, string password)
    {
        var hash = HashFor(name, password);
        return catalog.InTransaction(() => AddInside(name, role, hash));
    }

    /// <summary>Looks whether name and password will do, and hashes the password, which takes long: before a transaction.</summary>
    internal static string HashFor(string name, string password)
    {
        if (!IsName(name))
        {
            throw new LarderException(
                EngineError.UserInvalid, "A user's name has 1 to 64 letters, digits and . _ @ -, and begins with a letter or digit.");
        }
        EnsureUsable(name, password);
        return PasswordHash.Make(password);
    }

    /// <summary>What every user's name is like.</summary>
    internal static bool IsName(string name) => NameForm().IsMatch(name);

    /// <summary>Adds a user inside a transaction of the caller's. An empty hash is no password's.</summary>
    internal User AddInside(string name, Role role, string hash)
    {
        if (Find(name) is not null)
        {
            throw new LarderException(EngineError.UserInvalid, $"There is a user \"{name}\" already.");
        }
        catalog.Execute(
            "INSERT INTO users (name, role, password_hash, created_at) VALUES ($name, $role, $hash, $at)",
            ("$name", name),
            ("$role", EnumWord.Of(role)),
            ("$hash", hash),
            ("$at", CatalogDatabase.Text(catalog.Clock.GetUtcNow())));
        return Get(name);
    }

    /// <summary>Removes a user with sessions and tokens.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownUser"/>; <see cref="EngineError.LastOwner"/>.</exception>
    public void Remove(string name) => catalog.InTransaction(() =>
    {
        EnsureOwnerIsLeft(Get(name), null);
        return catalog.Execute("DELETE FROM users WHERE name = $name", ("$name", name));
    });

    /// <summary>Gives another role. Sessions end, so that nobody keeps what was taken away.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownUser"/>; <see cref="EngineError.LastOwner"/>.</exception>
    public User SetRole(string name, Role role) => catalog.InTransaction(() => SetRoleInside(name, role));

    /// <summary>The same inside a transaction of the caller's.</summary>
    internal User SetRoleInside(string name, Role role)
    {
        EnsureOwnerIsLeft(Get(name), role);
        catalog.Execute("UPDATE users SET role = $role WHERE name = $name", ("$name", name), ("$role", EnumWord.Of(role)));
        catalog.Execute("DELETE FROM sessions WHERE user = $name", ("$name", name));
        return Get(name);
    }

    /// <summary>
    /// Lets nobody in as this user any more, whatever they bring, or does again. Sessions end; tokens are kept, and are good again after.
    /// </summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownUser"/>; <see cref="EngineError.LastOwner"/>.</exception>
    public User SetDisabled(string name, bool isDisabled) => catalog.InTransaction(() =>
    {
        var user = Get(name);
        if (isDisabled)
        {
            EnsureOwnerIsLeft(user, null);
            catalog.Execute("DELETE FROM sessions WHERE user = $name", ("$name", name));
        }
        catalog.Execute(
            "UPDATE users SET disabled_at = $at WHERE name = $name",
            ("$name", name),
            ("$at", isDisabled ? CatalogDatabase.Text(user.DisabledAt ?? catalog.Clock.GetUtcNow()) : null));
        return Get(name);
    });

    /// <summary>Gives a new password, ends all sessions and takes a lock away. Tokens stay.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownUser"/>; <see cref="EngineError.UserInvalid"/>.</exception>
    public void SetPassword(string name, string password)
    {
        EnsureUsable(name, password);
        var hash = PasswordHash.Make(password);
        catalog.InTransaction(() =>
        {
            Get(name);
            catalog.Execute("DELETE FROM sessions WHERE user = $name", ("$name", name));
            return catalog.Execute(
                "UPDATE users SET password_hash = $hash, failures = 0, locked_until = NULL WHERE name = $name",
                ("$name", name),
                ("$hash", hash));
        });
    }

    /// <summary>
    /// Takes a password. The answer takes as long for a user that does not exist. While a user is locked even the right password is not
    /// taken; who is disabled, or has no password, is answered as if it were wrong.
    /// </summary>
    public LoginOutcome Login(string name, string password)
    {
        var hash = catalog.Query("SELECT password_hash FROM users WHERE name = $name", row => row.GetString(0), ("$name", name))
            .FirstOrDefault();
        var known = hash is { Length: > 0 } ? hash : null;
        var fits = PasswordHash.Fits(known ?? PasswordHash.OfNobody, password.Length > PasswordLengthMax ? "" : password);
        return known is null ? LoginOutcome.Wrong : catalog.InTransaction(() => Judge(name, known, fits));
    }

    /// <summary>
    /// Whether the user is locked is asked after the password was hashed, and under the lock of the catalog: of many guesses at once, five
    /// are answered and no more.
    /// </summary>
    private LoginOutcome Judge(string name, string hash, bool fits)
    {
        var now = catalog.Clock.GetUtcNow();
        var user = catalog.Query(
            "SELECT failures, locked_until, disabled_at IS NOT NULL, password_hash = $hash FROM users WHERE name = $name",
            row => (
                Failures: row.GetInt64(0),
                Locked: row.IsDBNull(1) ? (DateTimeOffset?)null : CatalogDatabase.Time(row.GetString(1)),
                IsDisabled: row.GetInt64(2) != 0,
                IsSameHash: row.GetInt64(3) != 0),
            ("$name", name),
            ("$hash", hash)).FirstOrDefault();
        if (user.Locked > now)
        {
            return LoginOutcome.Locked;
        }
        if (fits && user is { IsSameHash: true, IsDisabled: false }) // It may have been changed while it was looked at.
        {
            catalog.Execute(
                "UPDATE users SET failures = 0, locked_until = NULL, last_login_at = $at WHERE name = $name",
                ("$name", name),
                ("$at", CatalogDatabase.Text(now)));
            return LoginOutcome.Welcome;
        }
        NoteFailure(name, now, user.Failures + 1);
        return LoginOutcome.Wrong;
    }

    private void NoteFailure(string name, DateTimeOffset now, long failures)
    {
        var until = failures < FailuresFree ? (DateTimeOffset?)null : now + LockedFor(failures - FailuresFree);
        catalog.Execute(
            "UPDATE users SET failures = $failures, locked_until = $until WHERE name = $name",
            ("$name", name),
            ("$failures", failures),
            ("$until", until is { } locked ? CatalogDatabase.Text(locked) : null));
    }

    private static TimeSpan LockedFor(long beyond)
    {
        var wait = LockedAtFirst * Math.Pow(2, Math.Min(beyond, 10));
        return wait < LockedAtMost ? wait : LockedAtMost;
    }

    private void EnsureOwnerIsLeft(User user, Role? becomes)
    {
        if (user is { Role: Role.Owner, IsDisabled: false } && becomes != Role.Owner
            && All().Count(other => other is { Role: Role.Owner, IsDisabled: false }) == 1)
        {
            throw new LarderException(EngineError.LastOwner, $"\"{user.Name}\" is the only owner; nothing was changed.");
        }
    }

    private static void EnsureUsable(string name, string password)
    {
        var complaint = password.Length < PasswordLengthMin ? $"has fewer than {PasswordLengthMin} characters"
            : password.Length > PasswordLengthMax ? $"has more than {PasswordLengthMax} characters"
            : password.Contains(name, StringComparison.OrdinalIgnoreCase) && password.Length < name.Length + PasswordLengthMin
                ? "is hardly more than the name"
            : password.Distinct().Count() < 5 ? "has fewer than five different characters"
            : null;
        if (complaint is not null)
        {
            throw new LarderException(EngineError.UserInvalid, $"The password {complaint}.");
        }
    }

    // What a stranger typed is shown without what could forge a line of a log.
    private static string Shown(string name) => new([.. name.Take(64).Select(letter => char.IsControl(letter) ? '?' : letter)]);

    private static User Read(SqliteDataReader row) => new()
    {
        Name = row.GetString(0),
        Role = CatalogDatabase.Parse<Role>(row.GetString(1)),
        CreatedAt = CatalogDatabase.Time(row.GetString(2)),
        LastLoginAt = row.IsDBNull(3) ? null : CatalogDatabase.Time(row.GetString(3)),
        LockedUntil = row.IsDBNull(4) ? null : CatalogDatabase.Time(row.GetString(4)),
        DisabledAt = row.IsDBNull(5) ? null : CatalogDatabase.Time(row.GetString(5)),
        HasPassword = row.GetInt64(6) != 0,
    };

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NameForm();
}
