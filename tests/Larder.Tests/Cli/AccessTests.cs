using Larder.Engine.Access;
using Microsoft.AspNetCore.Identity;

namespace Larder.Tests.Cli;

public sealed class AccessTests
{
    private const string Password = "seven quiet otters swim";

    [Fact]
    public async Task Users_tokens_and_the_audit_log_are_managed_from_the_command_line()
    {
        await using var desk = await Desk.LaidAsync();
        await File.WriteAllTextAsync(desk["password"], Password + "\n");
        File.SetUnixFileMode(desk["password"], UnixFileMode.UserRead);

        Assert.Equal(0, (await desk.ExpectAsync(0, "user", "list", "--json")).Json.GetArrayLength());
        await desk.ExpectAsync(2, "user", "add", "ada", "--role", "owner"); // No terminal to ask at, and never an argument.
        var ada = (await desk.ExpectAsync(0, "--json", "user", "add", "ada", "--role", "owner", "--password-file", desk["password"])).Json;
        Assert.Equal(("ada", "owner", 0), (ada.GetProperty("name").GetString(), ada.GetProperty("role").GetString(), ada.GetProperty("role_id").GetInt32()));
        await desk.ExpectAsync(4, "user", "role", "ada", "admin");
        await desk.ExpectAsync(0, "user", "add", "grace", "--password-file", desk["password"]);
        Assert.Equal("operator", (await desk.ExpectAsync(0, "user", "role", "grace", "operator", "--json")).Json.GetProperty("role").GetString());
        await desk.ExpectAsync(0, "user", "password", "grace", "--password-file", desk["password"]);

        await desk.ExpectAsync(2, "token", "create", "deploy", "--scope", "read"); // Whose?
        await desk.ExpectAsync(2, "token", "create", "deploy", "--user", "grace", "--scope", "everything");
        await desk.ExpectAsync(2, "token", "create", "deploy", "--user", "grace", "--scope", "read", "--job", "none");
        var token = (await desk.ExpectAsync(0, "token", "create", "deploy", "--user", "grace", "--scope", "read,backup", "--job", "journal", "--json")).Json;
        var secret = token.GetProperty("token").GetString()!;
        Assert.StartsWith(TokenStore.Prefix, secret, StringComparison.Ordinal);
        Assert.Equal(secret.Length, (await desk.ExpectAsync(0, "token", "create", "bare", "--user", "ada", "--scope", "metrics")).Output.Trim().Length);
        var listed = await desk.ExpectAsync(0, "token", "list", "--json");
        Assert.DoesNotContain(secret, listed.Output, StringComparison.Ordinal);
        var revoked = (await desk.ExpectAsync(0, "token", "revoke", token.GetProperty("id").GetString()!, "--json")).Json;
        Assert.NotNull(revoked.GetProperty("revoked_at").GetString());
        await desk.ExpectAsync(0, "user", "remove", "grace");
        await desk.ExpectAsync(2, "user", "remove", "grace");

        var verdict = (await desk.ExpectAsync(0, "audit", "--verify", "--json")).Json;
        Assert.Equal((true, 8), (verdict.GetProperty("whole").GetBoolean(), verdict.GetProperty("entries").GetInt32()));
        await desk.ExpectAsync(0, "audit", "--verify", "--head", verdict.GetProperty("head").GetString()!);
        await desk.ExpectAsync(5, "audit", "--verify", "--head", new string('a', 64));
        Assert.Contains("user.remove", (await desk.ExpectAsync(0, "audit")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, (await desk.ExpectAsync(0, "audit", "--json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Passwords_are_stored_as_the_hasher_of_aspnet_stores_them()
    {
        var theirs = new PasswordHasher<object>();
        Assert.NotEqual(PasswordVerificationResult.Failed, theirs.VerifyHashedPassword(new object(), PasswordHash.Make(Password), Password));
        Assert.Equal(PasswordVerificationResult.Failed, theirs.VerifyHashedPassword(new object(), PasswordHash.Make(Password), "another"));
        Assert.True(PasswordHash.Fits(theirs.HashPassword(new object(), Password), Password));
    }

    [Fact]
    public async Task The_plan_of_a_rollback_is_a_document_too()
    {
        await using var desk = await Desk.LaidAsync();
        await desk.InitAsync();
        await desk.ExpectAsync(0, "backup", "journal");
        var restored = (await desk.ExpectAsync(0, "restore", "latest", "--only", "code", "--confirm", "--json")).Json;

        var plan = (await desk.ExpectAsync(4, "rollback", "--json")).Json;

        Assert.Equal(restored.GetProperty("run_id").GetString(), plan.GetProperty("run_id").GetString());
    }
}
