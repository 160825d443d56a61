using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine.Access;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder user`.</summary>
internal sealed class UserCommand
{
    private const string Json = "`name`, `role`, `role_id`, `created_at`, `last_login_at`, `locked_until`, `disabled_at`, `has_password`.";

    private readonly Operand name = new("NAME", "The user.", ValueKind.Text, 1, 1);
    private readonly Setting role = new(
        "--role", "ROLE", "What the user may do; viewer by default.", ValueKind.Text, [.. AccessWords.Roles]);
    private readonly Operand nameAndRole = new(
        "NAME ROLE", $"The user, and one of {string.Join(", ", AccessWords.Roles)}.", ValueKind.Text, 2, 2);
    private readonly Setting passwordFile = new(
        "--password-file", "FILE", "A file that holds the password; without it, it is asked for.", ValueKind.Path);

    public static LarderCommand Create() => new UserCommand().Build();

    private LarderCommand Build() => CommandTree.Group(
        "user",
        "Manage who may use the API and the page.",
        new LarderCommand("list", "List the users.")
        {
            Run = (call, _) => Task.FromResult(List(call)),
            Examples = [new("larder user list", "who there is, and who is locked")],
            Json = $"An array of {Json}",
        },
        new LarderCommand("add", "Add a user.")
        {
            Arguments = { name },
            Options = { role, passwordFile },
            Run = AddAsync,
            Details = "Roles: owner (everything, users too), admin (restores, removals, contents of backups, the audit log), operator\n"
                + "(backs up, verifies, drills), viewer (looks at what there is). A password has 12 characters or more.",
            Examples =
            [
                new("larder user add ada --role owner", "asks for the password"),
                new("larder user add grace --role operator --password-file /root/grace", "from a file"),
            ],
            Statuses = [ExitStatus.Refused],
            Json = $"An object: {Json}",
        },
        new LarderCommand("role", "Give a user another role. The user's sessions end.")
        {
            Arguments = { nameAndRole },
            Run = (call, _) => Task.FromResult(SetRole(call)),
            Examples = [new("larder user role grace admin", "she may restore now")],
            Statuses = [ExitStatus.Refused],
            Json = $"An object: {Json}",
        },
        new LarderCommand("password", "Give a user a new password and take a lock away. The user's sessions end.")
        {
            Arguments = { name },
            Options = { passwordFile },
            Run = PasswordAsync,
            Examples = [new("larder user password ada", "asks for it twice")],
            Json = $"An object: {Json}",
        },
        new LarderCommand("disable", "Let nobody in as a user any more. Sessions end; tokens and passwords are not taken.")
        {
            Arguments = { name },
            Run = (call, _) => Task.FromResult(SetDisabled(call, true)),
            Details = "Somebody whom the identity provider names is kept out so: removed, they would be made anew at their next login.",
            Examples = [new("larder user disable grace", "she is away")],
            Statuses = [ExitStatus.Refused],
            Json = $"An object: {Json}",
        },
        new LarderCommand("enable", "Let a user in again who was disabled.")
        {
            Arguments = { name },
            Run = (call, _) => Task.FromResult(SetDisabled(call, false)),
            Examples = [new("larder user enable grace", "she is back")],
            Json = $"An object: {Json}",
        },
        new LarderCommand("remove", "Remove a user with sessions and tokens. The last owner stays.")
        {
            Arguments = { name },
            Run = (call, _) => Task.FromResult(Remove(call)),
            Examples = [new("larder user remove grace", "somebody has left")],
            Statuses = [ExitStatus.Refused],
            Json = "An object: `removed`.",
        });

    private static ExitStatus List(Call call)
    {
        var users = new UserStore(AccessCalls.CatalogOf(call)).All();
        if (call.IsJson)
        {
            call.Answer(new JsonArray([.. users.Select(user => (JsonNode)AccessJson.Of(user))]));
        }
        else if (users.Count == 0)
        {
            call.Words.Say("There is no user yet: \"larder user add NAME --role owner\" makes the first.");
        }
        else
        {
            var table = new Table("NAME", "ROLE", "CREATED", "LAST LOGIN", "LOCKED UNTIL", "DISABLED");
            foreach (var user in users)
            {
                table.Add(user.Name, AccessWords.Of(user.Role), Moment(user.CreatedAt), Moment(user.LastLoginAt), Moment(user.LockedUntil),
                    Moment(user.DisabledAt));
            }
            call.Print(table.Render(call.OutInk));
        }
        return ExitStatus.Done;
    }

    private async Task<ExitStatus> AddAsync(Call call, CancellationToken cancellationToken)
    {
        var catalog = AccessCalls.CatalogOf(call);
        var password = await AccessCalls.NewPasswordAsync(call, passwordFile, cancellationToken);
        var user = new UserStore(catalog).Add(
            call.ValueOf(name)!, AccessWords.RoleOf(call.ValueOf(role) ?? AccessWords.Of(Role.Viewer)), password);
        AccessCalls.Note(catalog, "user.add", $"{user.Name} as {AccessWords.Of(user.Role)}");
        return Tell(call, user, $"Added {user.Name} as {AccessWords.Of(user.Role)}.");
    }

    private ExitStatus SetRole(Call call)
    {
        var catalog = AccessCalls.CatalogOf(call);
        var words = call.ValuesOf(nameAndRole);
        var user = new UserStore(catalog).SetRole(words[0], AccessWords.RoleOf(words[1]));
        AccessCalls.Note(catalog, "user.role", $"{user.Name} as {AccessWords.Of(user.Role)}");
        return Tell(call, user, $"{user.Name} is {AccessWords.Of(user.Role)} now.");
    }

    private async Task<ExitStatus> PasswordAsync(Call call, CancellationToken cancellationToken)
    {
        var catalog = AccessCalls.CatalogOf(call);
        var user = new UserStore(catalog).Get(call.ValueOf(name)!); // A slip is told before anybody types a password.
        new UserStore(catalog).SetPassword(user.Name, await AccessCalls.NewPasswordAsync(call, passwordFile, cancellationToken));
        AccessCalls.Note(catalog, "user.password", user.Name);
        return Tell(call, new UserStore(catalog).Get(user.Name), $"{user.Name} has a new password.");
    }

    private ExitStatus SetDisabled(Call call, bool isDisabled)
    {
        var catalog = AccessCalls.CatalogOf(call);
        var user = new UserStore(catalog).SetDisabled(call.ValueOf(name)!, isDisabled);
        AccessCalls.Note(catalog, isDisabled ? "user.disable" : "user.enable", user.Name);
        return Tell(call, user, $"{user.Name} is {(isDisabled ? "disabled" : "enabled")} now.");
    }

    private ExitStatus Remove(Call call)
    {
        var catalog = AccessCalls.CatalogOf(call);
        var user = new UserStore(catalog).Get(call.ValueOf(name)!);
        new UserStore(catalog).Remove(user.Name);
        AccessCalls.Note(catalog, "user.remove", user.Name);
        call.Answer(() => JsonText.Of(new JsonObject { ["removed"] = user.Name }), () => $"Removed {user.Name}.");
        return ExitStatus.Done;
    }

    private static ExitStatus Tell(Call call, User user, string words)
    {
        call.Answer(() => JsonText.Of(AccessJson.Of(user)), () => words);
        return ExitStatus.Done;
    }

    private static string Moment(DateTimeOffset? moment) => moment is { } known ? Show.Moment(known, TimeZoneInfo.Local) : "-";
}
