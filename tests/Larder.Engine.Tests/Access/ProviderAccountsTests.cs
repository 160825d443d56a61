using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Testing;

namespace Larder.Engine.Tests.Access;

/// <summary>Which user a person of an identity provider is.</summary>
public sealed class ProviderAccountsTests : IAsyncDisposable
{
    private const string Password = "seven quiet otters swim";

    private readonly TemporaryFolder folder = new();
    private readonly CatalogDatabase catalog;

    public ProviderAccountsTests()
    {
        catalog = CatalogDatabase.Open(folder["catalog.db"], TimeProvider.System, _ => { });
        Users = new UserStore(catalog);
        Users.Add("ada", Role.Owner, Password);
    }

    private UserStore Users { get; }

    private ProviderAccounts Accounts => new(catalog);

    [Fact]
    public void A_person_is_known_by_issuer_and_subject_whatever_the_name_is()
    {
        Assert.Equal((ProviderArrival.New, "kai"), Seen(Accounts.Enter(Kai, null)));
        Assert.Equal((ProviderArrival.Known, "kai"), Seen(Accounts.Enter(Kai with { Name = "ada" }, null)));
        Assert.Equal((ProviderArrival.Known, "kai"), Seen(Accounts.Enter(Kai with { Name = null }, null)));
        Assert.Equal(EngineError.SignInRefused, Refused(Kai with { Issuer = "https://other.example.com" }));
        Assert.Equal(EngineError.SignInRefused, Refused(Kai with { Subject = "person-2" }));
        Assert.Equal(EngineError.SignInRefused, Refused(Kai with { Subject = "PERSON-1" })); // Letter for letter.
        Assert.Equal(["ada", "kai"], Users.All().Select(user => user.Name));
    }

    [Fact]
    public void Nobody_becomes_a_user_who_is_there_already_but_by_that_users_session()
    {
        Assert.Equal(EngineError.SignInRefused, Refused(Kai with { Name = "ada" }));
        Assert.Equal(EngineError.SignInRefused, Refused(Kai with { Name = "ADA" }));
        Assert.Equal(EngineError.SignInRefused, Refused(Kai with { Name = "ada" }, "grace"));
        Assert.Equal((ProviderArrival.Bound, "ada"), Seen(Accounts.Enter(Kai with { Name = "Ada", Role = null }, "ada")));
        Assert.Equal(Role.Owner, Users.Get("ada").Role); // Who has a password of Larder's has Larder's role.
        Assert.Equal(Role.Owner, Accounts.Enter(Kai with { Name = "ada", Role = Role.Viewer }, null).User.Role);
        Assert.Equal(EngineError.SignInRefused, Refused(Kai with { Name = "ada", Subject = "person-2" }, "ada")); // One person each.
    }

    [Fact]
    public void The_last_owner_is_not_made_less_by_the_provider_and_nothing_is_half_done()
    {
        Accounts.Enter(Kai with { Role = Role.Owner }, null);
        Users.SetRole("ada", Role.Viewer);
        Assert.Equal(EngineError.LastOwner, Refused(Kai with { Role = Role.Viewer }));
        Assert.Equal(Role.Owner, Users.Get("kai").Role);
        Users.SetRole("ada", Role.Owner);
        Users.SetDisabled("ada", true);
        Assert.Equal(EngineError.LastOwner, Refused(Kai with { Role = Role.Viewer })); // Who is disabled is no owner who is left.
        Assert.Equal(EngineError.LastOwner, Assert.Throws<LarderException>(() => Users.SetDisabled("kai", true)).Error);
        Users.SetDisabled("ada", false);
        Assert.Equal(Role.Viewer, Accounts.Enter(Kai with { Role = Role.Viewer }, null).User.Role);
    }

    [Fact]
    public void Who_has_no_password_comes_in_with_none_and_removed_is_made_anew()
    {
        Accounts.Enter(Kai, null);
        Assert.All(new[] { "", " ", Password }, guess => Assert.Equal(LoginOutcome.Wrong, Users.Login("kai", guess)));
        Assert.Null(Users.Get("kai").LockedUntil);
        Users.SetPassword("kai", Password);
        Assert.Equal(LoginOutcome.Welcome, Users.Login("kai", Password));
        Assert.Equal(Role.Operator, Accounts.Enter(Kai with { Role = Role.Admin }, null).User.Role); // Larder's from now on.
        Users.Remove("kai");
        Assert.Equal((ProviderArrival.New, "kai"), Seen(Accounts.Enter(Kai, null)));
    }

    public async ValueTask DisposeAsync()
    {
        catalog.Dispose();
        await folder.DisposeAsync();
    }

    private static ProviderPerson Kai { get; } =
        new() { Issuer = "https://id.example.com", Subject = "person-1", Name = "kai", Role = Role.Operator };

    private static (ProviderArrival, string) Seen(ProviderEntry entry) => (entry.Arrival, entry.User.Name);

    private EngineError Refused(ProviderPerson person, string? loggedInAs = null) =>
        Assert.Throws<LarderException>(() => Accounts.Enter(person, loggedInAs)).Error;
}
