using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Testing;

namespace Larder.Engine.Tests.Access;

public sealed class UserStoreTests
{
    private const string Password = "seven quiet otters swim";

    [Fact]
    public async Task Each_wrong_password_after_the_fifth_doubles_the_wait_and_the_right_one_ends_it()
    {
        await using var desk = new Desk();
        desk.Users.Add("ada", Role.Owner, Password);
        for (var guess = 0; guess < 5; guess++)
        {
            Assert.Equal(LoginOutcome.Wrong, desk.Users.Login("ada", "wrong"));
        }
        Assert.Equal(LoginOutcome.Locked, desk.Users.Login("ADA", Password));
        desk.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(LoginOutcome.Wrong, desk.Users.Login("ada", "wrong"));
        desk.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(LoginOutcome.Locked, desk.Users.Login("ada", Password)); // Two minutes now.
        desk.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(LoginOutcome.Welcome, desk.Users.Login("ada", Password));
        Assert.Equal(LoginOutcome.Wrong, desk.Users.Login("ada", "wrong"));
        Assert.Equal(LoginOutcome.Welcome, desk.Users.Login("ada", Password)); // It counts from the beginning again.
    }

    [Fact]
    public async Task Of_many_guesses_at_once_five_are_answered_and_the_right_one_among_the_rest_is_not_taken()
    {
        await using var desk = new Desk();
        desk.Users.Add("ada", Role.Owner, Password);
        for (var guess = 0; guess < 4; guess++)
        {
            desk.Users.Login("ada", "wrong");
        }

        // All are begun before any is answered: a hash takes a tenth of a second.
        using var together = new Barrier(8);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait();
                return desk.Users.Login("ada", "wrong");
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        Assert.Single(outcomes, LoginOutcome.Wrong);
        Assert.Equal(7, outcomes.Count(outcome => outcome == LoginOutcome.Locked));
        Assert.Equal(LoginOutcome.Locked, desk.Users.Login("ada", Password));
    }

    [Fact]
    public async Task There_is_always_an_owner()
    {
        await using var desk = new Desk();
        desk.Users.Add("ada", Role.Owner, Password);
        desk.Users.Add("grace", Role.Admin, Password);
        Assert.Equal(EngineError.LastOwner, Assert.Throws<LarderException>(() => desk.Users.Remove("ada")).Error);
        Assert.Equal(EngineError.LastOwner, Assert.Throws<LarderException>(() => desk.Users.SetRole("ada", Role.Admin)).Error);
        desk.Users.SetRole("grace", Role.Owner);
        desk.Users.SetRole("ada", Role.Viewer);
        Assert.Equal(["ada", "grace"], desk.Users.All().Select(user => user.Name));
    }

    [Theory]
    [InlineData("", Password)]
    [InlineData("a b", Password)]
    [InlineData("ada\n", Password)]
    [InlineData("../ada", Password)]
    [InlineData("ada", "too short")]
    [InlineData("ada", "aaaaaaaaaaaaaaaaaaaa")]
    [InlineData("adalovelace", "adalovelace1")]
    public async Task A_name_or_password_that_will_not_do_is_refused(string name, string password)
    {
        await using var desk = new Desk();
        Assert.Equal(EngineError.UserInvalid, Assert.Throws<LarderException>(() => desk.Users.Add(name, Role.Viewer, password)).Error);
        Assert.True(desk.Users.IsEmpty);
    }

    [Fact]
    public async Task The_link_for_the_owner_works_once_for_a_day_and_only_while_there_is_no_user()
    {
        await using var desk = new Desk();
        var links = new OwnerLink(desk.Catalog);
        var (old, link) = (links.TryCreate()!, links.TryCreate()!);
        Assert.Throws<LarderException>(() => links.Use(old, "ada", Password));
        Assert.Equal(EngineError.UserInvalid, Assert.Throws<LarderException>(() => links.Use(link, "ada", "short")).Error);
        desk.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(EngineError.OwnerLinkInvalid, Assert.Throws<LarderException>(() => links.Use(link, "ada", Password)).Error);
        Assert.Equal(Role.Owner, links.Use(links.TryCreate()!, "ada", Password).Role);
        Assert.Null(links.TryCreate());
    }

    [Fact]
    public async Task Tokens_and_sessions_end_and_no_secret_of_theirs_is_in_the_file()
    {
        await using var desk = new Desk();
        desk.Users.Add("ada", Role.Owner, Password);
        var tokens = new TokenStore(desk.Catalog);
        var (_, lasting) = tokens.Create(new NewToken { User = "ada", Name = "a", Scopes = [Scope.Read] });
        var (_, short1) = tokens.Create(new NewToken { User = "ada", Name = "b", Scopes = [Scope.Read], ExpiresIn = TimeSpan.FromDays(1) });
        var (revoked, secret) = tokens.Create(new NewToken { User = "ada", Name = "c", Scopes = [Scope.Read] });
        var sessions = new SessionStore(desk.Catalog);
        var (kept, idle) = (sessions.Begin("ada", "127.0.0.1"), sessions.Begin("ada", "127.0.0.1"));
        Assert.NotNull(tokens.Use(secret));
        tokens.Revoke(revoked.Id);
        Assert.Null(tokens.Use(secret));
        Assert.NotNull(tokens.Use(short1));

        for (var hour = 0; hour < 25; hour++)
        {
            desk.Clock.Advance(TimeSpan.FromHours(1));
            Assert.NotNull(sessions.Find(kept));
        }
        Assert.Null(sessions.Find(idle));
        Assert.Null(tokens.Use(short1));
        Assert.NotNull(tokens.Use(lasting));
        desk.Clock.Advance(TimeSpan.FromDays(7));
        Assert.Null(sessions.Find(kept));
        desk.Users.Add("grace", Role.Owner, Password);
        desk.Users.Remove("ada");
        Assert.Null(tokens.Use(lasting));

        desk.Catalog.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var file = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(desk.Path));
        Assert.All(new[] { lasting, short1, secret, kept, idle, Password }, hidden => Assert.DoesNotContain(hidden, file, StringComparison.Ordinal));
    }

    [Fact]
    public void A_password_fits_its_own_hash_alone_and_what_is_no_hash_fits_nothing()
    {
        var hash = PasswordHash.Make(Password, iterations: 10);
        Assert.True(PasswordHash.Fits(hash, Password));
        Assert.False(PasswordHash.Fits(hash, Password + " "));
        Assert.NotEqual(hash, PasswordHash.Make(Password, iterations: 10));
        Assert.All(new[] { "", "x", "AQAAAA==", hash[..20], new string('A', 80) }, broken => Assert.False(PasswordHash.Fits(broken, Password)));
    }

    private sealed class Desk : IAsyncDisposable
    {
        private readonly TemporaryFolder folder = new();

        public Desk() => Catalog = CatalogDatabase.Open(Path, Clock, _ => { });

        public TestClock Clock { get; } = new();

        public string Path => folder["catalog.db"];

        public CatalogDatabase Catalog { get; }

        public UserStore Users => new(Catalog);

        public ValueTask DisposeAsync()
        {
            Catalog.Dispose();
            return folder.DisposeAsync();
        }
    }
}
