using System.Text.RegularExpressions;
using Larder.Sources.MongoDb;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb;

/// <summary>The accounts of the guide are enough, and each for what it says.</summary>
[Trait("Kind", "server")]
public sealed partial class MongoDbGuideTests(MongoServers servers)
{
    private const string Password = "a long random password";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_accounts_of_the_guide_may_do_what_it_says()
    {
        var server = await servers.WithAccountsAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await FeatureDatabase.CreateAsync(shell, "shop");
        await shell.RunAsync("shop", """{"createUser": "clerk", "pwd": "secret", "roles": []}""");
        var guide = await File.ReadAllTextAsync(RepositoryRoot.Combine("docs", "guides", "mongodb.md"), Cancellation);
        var statements = Statement().Matches(guide).Select(match => match.Groups["command"].Value).ToList();
        Assert.Equal(4, statements.Count);
        foreach (var statement in statements)
        {
            await shell.RunAsync("admin", statement);
        }
        var expected = await MongoDump.LookAsync(new MongoDbSettings { Url = server.Url, Databases = ["shop"] });

        // Everything, by a snapshot and by the oplog.
        foreach (var consistency in new[] { MongoDbConsistency.Snapshot, MongoDbConsistency.Oplog })
        {
            var all = await DumpAsync("larder", [], consistency);
            Assert.Contains(all.Entries, facts => facts.Name == "admin.system.users" && facts.Rows > 4);
            Assert.All(expected.Keys.Where(name => !name.EndsWith(" metadata", StringComparison.Ordinal)), name =>
                Assert.Contains(all.Entries, facts => facts.Name == name && $"{facts.Kind} {facts.Rows} {facts.Fingerprint}" == expected[name]));
        }

        // One database with both.
        var whole = await DumpAsync("larder_shop", ["shop"], MongoDbConsistency.Oplog);
        Assert.Equal(1, whole.Entries.Single(facts => facts.Kind == "users").Rows);
        Assert.Empty(whole.NotCaptured);

        // One database, without accounts and oplog.
        var denied = await Assert.ThrowsAsync<SourceException>(() => DumpAsync("larder_small", ["shop"], MongoDbConsistency.Automatic));
        Assert.Contains("system.buckets.weather", denied.Message, StringComparison.Ordinal);
        await shell.RunAsync("shop", """{"drop": "weather"}""");
        var small = await DumpAsync("larder_small", ["shop"], MongoDbConsistency.Automatic);
        Assert.Contains(small.NotCaptured, item => item.Reason.Contains("Users and roles", StringComparison.Ordinal));
        Assert.DoesNotContain(small.Entries, facts => facts.Kind == "users");
        Assert.Contains(small.Entries, facts => facts is { Name: "shop.people", Rows: 3 });
        var error = await Assert.ThrowsAsync<SourceException>(() => DumpAsync("larder_small", ["shop"], MongoDbConsistency.Oplog));
        Assert.Equal(SourceError.PermissionDenied, error.Error);

        foreach (var user in new[] { "larder", "larder_small", "larder_shop" })
        {
            await shell.RunAsync("admin", $$"""{"dropUser": "{{user}}"}""");
        }
        await shell.RunAsync("admin", """{"dropRole": "larderShop"}""");
        await shell.RunAsync("shop", """{"dropUser": "clerk"}""");
        await shell.DropAsync("shop");

        async Task<SourceOutcome> DumpAsync(string user, string[] databases, MongoDbConsistency consistency)
        {
            using var folder = new TemporaryFolder();
            var settings = new MongoDbSettings
            {
                Url = server.UrlFor(user, Password),
                Databases = databases,
                AllDatabases = databases.Length == 0,
                Consistency = consistency,
                ReadPreference = "secondaryPreferred",
            };
            await new MongoDbSource(settings, TimeProvider.System).ProbeAsync(Cancellation);
            return (await MongoDump.ToFolderAsync(settings, folder.FullPath)).Outcome;
        }
    }

    [GeneratedRegex(@"db\.adminCommand\((?<command>\{.*?\n\})\)", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Statement();
}
