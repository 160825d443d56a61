using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Doctor;
using Larder.Engine.SelfTests;

namespace Larder.Api;

/// <summary>This installation itself: what the doctor says of it, and its self-tests.</summary>
internal static class InstallationRoutes
{
    // It starts programs and asks every source; however many ask for it, one at a time.
    private static readonly SemaphoreSlim OneDoctor = new(1);

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/doctor",
            Action = "installation.doctor",
            Summary = "Examines everything that a backup needs, and says what to do. It changes nothing.",
            Details = "Every source is asked, for 30 seconds at most, so the answer may take a while.",
            Needs = Needs.Of(Role.Operator, Scope.Read, JobRule.All),
            AnswerExample =
                """
                {"checks":[{"area":"source","subject":"journal/db","status":"ok","message":"The sqlite source can be read.","advice":null}],
                "status":"ok"}
                """,
            Run = ExamineAsync,
        },
        new()
        {
            Method = "POST",
            Path = "/api/self-tests",
            Action = "installation.test",
            Summary = "Begins self-tests: parts of this installation are tried for real. Nothing that is live is written to.",
            Details = $"`test` is one of {string.Join(", ", SelfTestRun.Names)}, or {SelfTestRun.All}, which it is by default. The run's "
                + "`report` has `status` and `tests`; a test that fails fails the run.",
            Needs = Needs.Of(Role.Operator, Scope.Verify, JobRule.All),
            Body = BodyJson.Default.SelfTestBody,
            BodyExample = """{"test":"restore"}""",
            BodyMayBeEmpty = true,
            BeginsRun = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = TestAsync,
        },
    ];

    private static async Task<Answer?> ExamineAsync(ApiCall call)
    {
        await OneDoctor.WaitAsync(call.Cancelled);
        try
        {
            var engine = await call.Services.EngineAsync(call.Cancelled);
            var doctor = new DoctorRun(SurroundingsOf(call.Services) with { Context = engine });
            return Answer.Json((await doctor.ExecuteAsync(call.Cancelled)).ToJson());
        }
        finally
        {
            OneDoctor.Release();
        }
    }

    private static async Task<Answer?> TestAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.SelfTestBody);
        var (name, services) = (body.Test ?? SelfTestRun.All, call.Services);
        SelfTestRun.EnsureKnown(name);
        return await RunAnswer.BeginAsync(call, new DirectOrder
        {
            What = RunKind.Test,
            Work = async (engine, progress, cancellationToken) =>
            {
                var tests = new SelfTestRun(SurroundingsOf(services) with { Context = engine }, engine, progress);
                engine.Report?.Invoke((await tests.ExecuteAsync(name, cancellationToken)).ToJson());
            },
        });
    }

    private static DoctorSurroundings SurroundingsOf(ApiServices services) => new()
    {
        Configuration = services.Parts.Configuration.Read(),
        Clock = services.Clock,
        SearchPath = services.Configuration.Variables.GetValueOrDefault("PATH") ?? "",
    };
}
