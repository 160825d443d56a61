using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Access;

/// <summary>
/// Which user a person of the identity provider is. Persons are known by issuer and subject, which never change; a name can be given to
/// somebody else there, so it is looked at once only, and never opens a user who is there already.
/// </summary>
public sealed class ProviderAccounts(CatalogDatabase catalog)
{
    private const int SubjectLengthMax = 255; // As OpenID Connect has it.

    private readonly UserStore users = new(catalog);

    /// <summary>The user of a person; made at the first time, if the provider gives a role.</summary>
    /// <param name="person">Believed already.</param>
    /// <param name="loggedInAs">As whom the same browser was logged in when it began; that user is bound to the person.</param>
    /// <exception cref="LarderException"><see cref="EngineError.SignInRefused"/>; <see cref="EngineError.LastOwner"/>.</exception>
    public ProviderEntry Enter(ProviderPerson person, string? loggedInAs) => catalog.InTransaction(() =>
    {
        if (person.Subject.Length is 0 or > SubjectLengthMax)
        {
            throw Refused("The provider names no subject.");
        }
        var (user, arrival) = Bound(person) is { } known ? (known, ProviderArrival.Known) : Admit(person, loggedInAs);
        if (user.IsDisabled)
        {
            throw Refused($"The user \"{user.Name}\" is disabled.");
        }
        if (!user.HasPassword)
        {
            var role = person.Role ?? throw Refused($"The provider gives \"{user.Name}\" no role here any more.");
            user = role == user.Role ? user : users.SetRoleInside(user.Name, role);
        }
        catalog.Execute(
            "UPDATE users SET last_login_at = $at WHERE name = $name",
            ("$name", user.Name),
            ("$at", CatalogDatabase.Text(catalog.Clock.GetUtcNow())));
        return new ProviderEntry(users.Get(user.Name), arrival);
    });

    private User? Bound(ProviderPerson person) => catalog.Query(
            "SELECT user FROM identities WHERE issuer = $issuer AND subject = $subject",
            row => row.GetString(0),
            ("$issuer", person.Issuer),
            ("$subject", person.Subject))
        .FirstOrDefault() is { } name ? users.Get(name) : null;

    private (User User, ProviderArrival Arrival) Admit(ProviderPerson person, string? loggedInAs)
    {
        if (person.Name is not { } name || !UserStore.IsName(name))
        {
            throw Refused("The provider gives no name that a user can have.");
        }
        if (users.Find(name) is { } there)
        {
            return string.Equals(there.Name, loggedInAs, StringComparison.OrdinalIgnoreCase)
                ? (Bind(person, there), ProviderArrival.Bound)
                : throw new LarderException(
                    EngineError.SignInRefused, $"There is a user \"{there.Name}\" already, not bound to this person of the provider.")
                {
                    Hint = "log in with the password of that user first, and then begin at /api/session/oidc in the same browser.",
                };
        }
        if (person.Role is not { } role)
        {
            throw Refused($"The provider gives \"{name}\" no role here.");
        }
        return users.IsEmpty && role != Role.Owner
            ? throw Refused("There is no owner yet, and the provider does not make this person one.")
            : (Bind(person, users.AddInside(name, role, "")), ProviderArrival.New);
    }

    private User Bind(ProviderPerson person, User user)
    {
        // One person of a provider for each user: who is bound to another already keeps that one.
        var bound = catalog.Execute(
            """
            INSERT INTO identities (issuer, subject, user, created_at) VALUES ($issuer, $subject, $user, $at) ON CONFLICT DO NOTHING
            """,
            ("$issuer", person.Issuer),
            ("$subject", person.Subject),
            ("$user", user.Name),
            ("$at", CatalogDatabase.Text(catalog.Clock.GetUtcNow())));
        return bound == 1 ? user : throw Refused($"The user \"{user.Name}\" is bound to another person of the provider.");
    }

    private static LarderException Refused(string message) => new(EngineError.SignInRefused, message);
}

/// <summary>Whom an identity provider names.</summary>
public sealed record ProviderPerson
{
    public required string Issuer { get; init; }

    /// <summary>Names the person at the provider, for ever.</summary>
    public required string Subject { get; init; }

    /// <summary>What the person is called there now; null where the provider does not say it.</summary>
    public required string? Name { get; init; }

    /// <summary>What the provider's claims come to; null for no role.</summary>
    public required Role? Role { get; init; }
}

/// <param name="User">As whom the person is in.</param>
/// <param name="Arrival">Whether that is new.</param>
public sealed record ProviderEntry(User User, ProviderArrival Arrival);

public enum ProviderArrival
{
    Known,

    /// <summary>A user of Larder's was bound to the person.</summary>
    Bound,

    /// <summary>The user was made.</summary>
    New,
}
