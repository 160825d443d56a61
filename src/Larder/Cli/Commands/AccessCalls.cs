using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>What the commands about users, tokens and the audit log share.</summary>
internal static class AccessCalls
{
    /// <summary>These commands are about what is in the catalog; without it there is nothing to do.</summary>
    public static CatalogDatabase CatalogOf(Call call) => call.Composition.OpenCatalog()
        ?? throw new LarderException(EngineError.CatalogUnavailable, "The catalog cannot be used, and users and tokens are in it.");

    /// <summary>Writes down what was done here: whoever may run this command is an administrator of the machine.</summary>
    public static void Note(CatalogDatabase catalog, string action, string target) => new AuditLog(catalog).Append(new AuditEvent
    {
        Actor = Environment.UserName,
        Way = "cli",
        Action = action,
        Target = target,
        Outcome = AuditOutcome.Done,
    });

    /// <summary>A password from a file, or typed twice at a terminal; never an argument, which everybody on the machine can read.</summary>
    public static async Task<string> NewPasswordAsync(Call call, Setting file, CancellationToken cancellationToken)
    {
        if (call.ValueOf(file) is { } path)
        {
            var full = Path.GetFullPath(path, call.World.Environment.WorkingDirectory);
            return await Secret.FromFile("--password-file", full).RevealAsync(cancellationToken);
        }
        if (!call.World.InputIsTerminal || !call.World.ErrorIsTerminal)
        {
            throw new LarderException(
                EngineError.UsageInvalid, "The password is to come from --password-file: there is no terminal to ask at.");
        }
        var first = Ask(call, "Password: ");
        return first == Ask(call, "Once more: ")
            ? first
            : throw new LarderException(EngineError.UsageInvalid, "The two passwords are not the same; nothing was changed.");
    }

    private static string Ask(Call call, string prompt)
    {
        call.World.Error.Write(prompt);
        call.World.Error.Flush();
        var answer = call.World.ReadHidden();
        call.World.Error.Write("\n");
        return answer ?? throw new OperationCanceledException("No password was typed.");
    }
}
