using System.Text.Json.Nodes;
using Larder.Cli.Completing;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder completion`.</summary>
internal sealed class CompletionCommand
{
    private readonly Operand shell = new("SHELL", "bash, zsh or fish.", ValueKind.Text, 1, 1, "bash", "zsh", "fish");

    public static LarderCommand Create() => new CompletionCommand().Build();

    private LarderCommand Build() => new("completion", "Print a script that lets a shell complete commands, options, jobs and backups.")
    {
        Arguments = { shell },
        Run = Print,
        Examples =
        [
            new("source <(larder completion bash)", "in ~/.bashrc"),
            new("larder completion zsh > ~/.zfunc/_larder", "in a folder of fpath"),
            new("larder completion fish > ~/.config/fish/completions/larder.fish", "for fish"),
        ],
        Json = "An object with `shell` and `script`.",
    };

    private Task<ExitStatus> Print(Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var name = call.ValueOf(shell)!;
        var script = CompletionScripts.For(name)
            ?? throw new LarderException(
                EngineError.UsageInvalid, $"There is no completion for \"{name}\"; there is for bash, zsh and fish.");
        if (call.IsJson)
        {
            call.Answer(new JsonObject { ["shell"] = name, ["script"] = script });
        }
        else
        {
            call.Print(script);
        }
        return Task.FromResult(ExitStatus.Done);
    }
}
