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

    private const string Columns = "SELECT name, role, created_at, last_login_at, locked_until FROM users";

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
        if (!NameForm().IsMatch(name))
        {
            throw new LarderException(
                EngineError.UserInvalid, "A user's name has 1 to 64 letters, digits and . _ @ -, and begins with a letter or digit.");
        }
        EnsureUsable(name, password);
        return PasswordHash.Make(password);
    }

    /// <summary>Adds a user inside a transaction of the caller's.</summary>
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
    public User SetRole(string name, Role role) => catalog.InTransaction(() =>
    {
        EnsureOwnerIsLeft(Get(name), role);
        catalog.Execute("UPDATE users SET role = $role WHERE name = $name", ("$name", name), ("$role", EnumWord.Of(role)));
        catalog.Execute("DELETE FROM sessions WHERE user = $name", ("$name", name));
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
    /// taken.
    /// </summary>
    public LoginOutcome Login(string name, string password)
    {
        var now = catalog.Clock.GetUtcNow();
        var found = catalog.Query(
            "SELECT password_hash, locked_until FROM users WHERE name = $name",
            row => (Hash: row.GetString(0), Locked: row.IsDBNull(1) ? (DateTimeOffset?)null : CatalogDatabase.Time(row.GetString(1))),
            ("$name", name)).FirstOrDefault();
        var fits = PasswordHash.Fits(found.Hash ?? PasswordHash.OfNobody, password.Length > PasswordLengthMax ? "" : password);
        if (found.Hash is null)
        {
            return LoginOutcome.Wrong;
        }
        if (found.Locked > now)
        {
            return LoginOutcome.Locked;
        }
        if (fits)
        {
            catalog.Execute(
                "UPDATE users SET failures = 0, locked_until = NULL, last_login_at = $at WHERE name = $name",
                ("$name", name),
                ("$at", CatalogDatabase.Text(now)));
            return LoginOutcome.Welcome;
        }
        NoteFailure(name, now);
        return LoginOutcome.Wrong;
    }

    private void NoteFailure(string name, DateTimeOffset now) => catalog.InTransaction(() =>
    {
        var failures = 1 + catalog.Query("SELECT failures FROM users WHERE name = $name", row => row.GetInt64(0), ("$name", name))
            .FirstOrDefault();
        var until = failures < FailuresFree ? (DateTimeOffset?)null : now + LockedFor(failures - FailuresFree);
        return catalog.Execute(
            "UPDATE users SET failures = $failures, locked_until = $until WHERE name = $name",
            ("$name", name),
            ("$failures", failures),
            ("$until", until is { } locked ? CatalogDatabase.Text(locked) : null));
    });

    private static TimeSpan LockedFor(long beyond)
    {
        var wait = LockedAtFirst * Math.Pow(2, Math.Min(beyond, 10));
        return wait < LockedAtMost ? wait : LockedAtMost;
    }

    private void EnsureOwnerIsLeft(User user, Role? becomes)
    {
        if (user.Role == Role.Owner && becomes != Role.Owner && All().Count(other => other.Role == Role.Owner) == 1)
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
    };

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NameForm();
}
