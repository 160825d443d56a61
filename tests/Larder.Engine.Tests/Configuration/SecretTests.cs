using Larder.Engine.Configuration;

namespace Larder.Engine.Tests.Configuration;

public sealed class SecretTests
{
    private const string Value = "hunter2";

    [Theory]
    [InlineData("hunter2\n", "hunter2")]
    [InlineData("hunter2\r\n", "hunter2")]
    [InlineData(" hunter2 ", " hunter2 ")]
    [InlineData("a\nb\n\n", "a\nb\n")]
    public async Task A_file_gives_its_content_without_one_line_break(string content, string expected)
    {
        using var loading = new Loading();
        Assert.Equal(expected, await Secret.FromFile("key", loading.Write("key",
            content)).RevealAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_command_gives_its_output()
    {
        using var loading = new Loading();
        Assert.Equal("a b", await Secret.FromCommand("key", "echo \"a b\"",
            loading.Folder).RevealAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_command_that_fails_shows_its_complaint_and_never_its_output()
    {
        using var loading = new Loading();
        var secret = Secret.FromCommand("repositories.local.password", "echo hunter2; echo the vault is closed >&2; exit 7",
            loading.Folder);
        var failure = await Assert.ThrowsAsync<ConfigurationException>(() =>
            secret.RevealAsync(TestContext.Current.CancellationToken).AsTask());

        Assert.Contains("exit status 7: the vault is closed", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Value, failure.ToString(), StringComparison.Ordinal);
        Assert.Equal("repositories.local.password", Assert.Single(failure.Problems).Key);
    }

    [Theory]
    [InlineData("sleep 600")]
    [InlineData("sleep 600 & echo early; exit 0")]
    public async Task A_command_that_does_not_end_is_ended(string commandLine)
    {
        using var loading = new Loading();
        var secret = Secret.FromCommand("key", commandLine, loading.Folder, TimeSpan.FromMilliseconds(200));
        var failure = await Assert.ThrowsAsync<ConfigurationException>(() =>
            secret.RevealAsync(TestContext.Current.CancellationToken).AsTask());

        Assert.Contains("did not end within 200ms", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_with_endless_output_is_ended()
    {
        using var loading = new Loading();
        var secret = Secret.FromCommand("key", "yes", loading.Folder);
        var failure = await Assert.ThrowsAsync<ConfigurationException>(() =>
            secret.RevealAsync(TestContext.Current.CancellationToken).AsTask());

        Assert.Contains("longer than 65536", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", "does not exist")]
    [InlineData("empty", "is empty")]
    public async Task A_file_that_gives_nothing_says_so(string name, string message)
    {
        using var loading = new Loading();
        loading.Write("empty", "\n");
        var secret = Secret.FromFile("key", Path.Combine(loading.Folder, name));
        var failure = await Assert.ThrowsAsync<ConfigurationException>(() =>
            secret.RevealAsync(TestContext.Current.CancellationToken).AsTask());

        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_shows_itself_nowhere()
    {
        using var loading = new Loading(("PW", Value));
        var result = loading.Load(
            $$"""
            repositories:
              a: { path: a, password: {{Value}} }
              b: { s3: { endpoint: https://s3.example.com, bucket: b, secret_key: "${PW}", access_key: {{Value}} }, password: "${PW}" }
              c: { path: c, password_command: "printf {{Value}}x | tr -d x" }
            jobs:
              app:
                sources:
                  db: { postgresql: { url: "postgresql://u:{{Value}}@h/d" } }
                  my: { mysql: { host: h, password: {{Value}} } }
                  out: { command: { run: "dump -p${PW}" } }
                environments: { test: { db: { url: "postgresql://u:{{Value}}@t/d" } } }
            alerts:
              - slack: https://hooks.slack.com/{{Value}}
              - telegram: { token: {{Value}}, chat: "1" }
            """);

        var configuration = result.Require();
        var shown = ConfigurationWriter.Show(result) + ConfigurationWriter.ShowJson(result).ToJsonString() + ConfigurationWriter.ValidationJson(result).ToJsonString();
        // The command line of a secret is the user's own text and stands there as the secret's origin nowhere either.
        Assert.DoesNotContain(Value, shown, StringComparison.Ordinal);
        Assert.Contains("password: \"***\"", shown, StringComparison.Ordinal);
        Assert.Contains("dump -p${PW}", shown, StringComparison.Ordinal);

        var records = string.Join('\n', configuration.Repositories.Values.Cast<object>()
            .Concat(configuration.Alerts)
            .Concat(configuration.Jobs.Values)
            .Concat(configuration.Jobs["app"].Sources.Where(source => source is not CommandSourceSettings))
            .Concat(configuration.Jobs["app"].Environments["test"].Targets.Values));
        Assert.Contains("***", records, StringComparison.Ordinal);
        Assert.DoesNotContain(Value, records, StringComparison.Ordinal);
    }
}
