using System.Text;
using Larder.Cli.Output;
using Larder.Engine.Doctor;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder doctor`.</summary>
internal static class DoctorCommand
{
    public static LarderCommand Create() => new("doctor", "Examine everything that a backup needs, and say what to do.")
    {
        Run = RunAsync,
        Details =
            "Looks at the configuration, repositories, sources, catalog, system libraries, programs and this machine. It changes nothing.",
        Examples = [new("larder doctor", "after an installation, or when something is wrong")],
        Json = "An object: `checks` (array of `area`, `subject`, `status` (ok, warning, problem), `message`, `advice`), `status`, the "
            + "worst of them.",
    };

    private static async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var report = await new DoctorRun(SurroundingsOf(call)).ExecuteAsync(cancellationToken);
        call.Answer(report.ToJson, () => Text(report, call.OutInk));
        return report.ExitStatus;
    }

    public static DoctorSurroundings SurroundingsOf(Call call) => new()
    {
        Configuration = call.Configuration,
        Context = call.Configuration.Configuration is null ? null : call.EngineWithCatalog,
        Clock = call.World.Clock,
        SearchPath = call.World.Variable("PATH") ?? "",
        Terminal = new TerminalFacts
        {
            IsTerminal = call.World.ErrorIsTerminal,
            Columns = call.World.ErrorIsTerminal ? call.World.Columns() : null,
            Kind = call.World.Variable("TERM"),
            Encoding = EncodingOf(call.World),
        },
    };

    // As the C library decides it: the first variable that is set, and what follows its dot.
    private static string? EncodingOf(Surroundings world)
    {
        var locale = world.Variable("LC_ALL") ?? world.Variable("LC_CTYPE") ?? world.Variable("LANG");
        var dot = locale?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        return dot < 0 ? null : locale![(dot + 1)..].Split('@')[0];
    }

    private static string Text(DoctorReport report, Ink ink)
    {
        var text = new StringBuilder();
        foreach (var check in report.Checks)
        {
            var status = check.Status.ToString().ToLowerInvariant();
            var filling = new string(' ', Math.Max(0, "problem".Length - status.Length));
            text.Append($"{ink.Status(status)}{filling}  {ink.Bold(check.Area)}{(check.Subject.Length > 0 ? $" {check.Subject}" : "")}: "
                + $"{TextWidth.Plain(check.Message)}\n");
            if (check.Advice is { } advice)
            {
                text.Append($"         {TextWidth.Plain(advice)}\n");
            }
        }
        return text.ToString();
    }
}
