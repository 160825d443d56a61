using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine.Access;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder token`.</summary>
internal sealed class TokenCommand
{
    private const string Json =
        "`id`, `user`, `name`, `scopes`, `jobs` (null for all), `created_at`, `expires_at`, `used_at`, `revoked_at`";

    private readonly Operand name = new("NAME", "What it is for, in a few words.", ValueKind.Text, 1, 1);
    private readonly Operand id = new("TOKEN", "The id of the token, as `larder token list` shows it.", ValueKind.Text, 1, 1);
    private readonly Setting user = new("--user", "NAME", "Whose it is; needed where there are several users.");
    private readonly Settings scopes = new(
        "--scope", "SCOPE", $"What it may do: {string.Join(", ", AccessWords.Scopes)}; may be repeated.");
    private readonly Settings jobs = new("--job", "JOB", "Only with this job; may be repeated.", ValueKind.Job);
    private readonly Setting expires = new("--expires-in", "DURATION", "Such as 30d, or never; 90d by default.");

    public static LarderCommand Create() => new TokenCommand().Build();

    private LarderCommand Build() => CommandTree.Group(
        "token",
        "Manage the tokens by which programs use the API.",
        new LarderCommand("create", "Make a token. It is shown once, and kept as a hash alone.")
        {
            Arguments = { name },
            Options = { user, scopes, jobs, expires },
            Run = (call, _) => Task.FromResult(CreateToken(call)),
            Details = "A token may do what its scopes say and its user may: read (lists, runs, reports), data (contents of backups),\n"
                + "backup (begins backups, pins, cancels), verify (verifications and drills), restore, remove, metrics, admin (users,\n"
                + "tokens, the audit log).",
            Examples =
            [
                new("larder token create deployment --scope read --scope backup --job journal", "for a deployment script"),
                new("larder token create prometheus --scope metrics --expires-in never", "for figures alone"),
            ],
            Json = $"An object: {Json}, and `token`, the secret.",
        },
        new LarderCommand("list", "List the tokens, without their secrets.")
        {
            Options = { user },
            Run = (call, _) => Task.FromResult(List(call)),
            Examples = [new("larder token list", "which there are, and when they were last used")],
            Json = $"An array of {Json}.",
        },
        new LarderCommand("revoke", "Revoke a token at once and for good.")
        {
            Arguments = { id },
            Run = (call, _) => Task.FromResult(Revoke(call)),
            Examples = [new("larder token revoke 9f86d081884c7d65", "it was seen where it should not be")],
            Json = $"An object: {Json}.",
        });

    private ExitStatus CreateToken(Call call)
    {
        var catalog = AccessCalls.CatalogOf(call);
        var users = new UserStore(catalog).All();
        var owner = call.ValueOf(user) ?? (users is [var only]
            ? only.Name
            : throw new LarderException(
                EngineError.UsageInvalid, "Whose token? Name a user with --user; \"larder user list\" shows them."));
        foreach (var job in call.NamesOf(jobs))
        {
            call.Engine.JobOf(job);
        }
        var (token, secret) = new TokenStore(catalog).Create(new NewToken
        {
            User = owner,
            Name = call.ValueOf(name)!,
            Scopes = [.. call.NamesOf(scopes).Select(AccessWords.ScopeOf)],
            Jobs = call.NamesOf(jobs) is { Count: > 0 } named ? named : null,
            ExpiresIn = AccessWords.LastingOf(call.ValueOf(expires)),
        });
        AccessCalls.Note(catalog, "token.create", $"{token.Id} of {token.User}");
        call.Answer(() => JsonText.Of(AccessJson.Of(token, secret)), () => secret);
        call.Words.Say($"This is token {token.Id} of {token.User}. It is not shown again.");
        return ExitStatus.Done;
    }

    private ExitStatus List(Call call)
    {
        var tokens = new TokenStore(AccessCalls.CatalogOf(call)).All(call.ValueOf(user));
        if (call.IsJson)
        {
            call.Answer(new JsonArray([.. tokens.Select(token => (JsonNode)AccessJson.Of(token))]));
        }
        else if (tokens.Count == 0)
        {
            call.Words.Say("There is no token.");
        }
        else
        {
            var table = new Table("TOKEN", "USER", "NAME", "SCOPES", "JOBS", "EXPIRES", "LAST USED", "REVOKED");
            foreach (var token in tokens)
            {
                table.Add(
                    token.Id,
                    token.User,
                    token.Name,
                    string.Join(' ', token.Scopes.Select(AccessWords.Of)),
                    token.Jobs is { } limited ? string.Join(' ', limited) : "all",
                    Moment(token.ExpiresAt),
                    Moment(token.UsedAt),
                    Moment(token.RevokedAt));
            }
            call.Print(table.Render(call.OutInk));
        }
        return ExitStatus.Done;
    }

    private ExitStatus Revoke(Call call)
    {
        var catalog = AccessCalls.CatalogOf(call);
        var token = new TokenStore(catalog).Revoke(call.ValueOf(id)!);
        AccessCalls.Note(catalog, "token.revoke", $"{token.Id} of {token.User}");
        call.Answer(() => JsonText.Of(AccessJson.Of(token)), () => $"Token {token.Id} of {token.User} is revoked.");
        return ExitStatus.Done;
    }

    private static string Moment(DateTimeOffset? moment) => moment is { } known ? Show.Moment(known, TimeZoneInfo.Local) : "-";
}
