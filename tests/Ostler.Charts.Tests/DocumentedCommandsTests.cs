using System.Text.RegularExpressions;
using Ostler.Testing.Documentation;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>
/// What people copy from the documentation works. The table of all commands is <see cref="CommandChecks"/>; those of kubectl ostler are
/// parsed in its own tests, those for a cluster are run in <see cref="DocumentedClusterCommandsTests"/>.
/// </summary>
public sealed partial class DocumentedCommandsTests
{
    private const string InCI = ".ci/run";

    /// <summary>Who runs what make is told to do.</summary>
    private static readonly Dictionary<string, string> Targets = new(StringComparer.Ordinal)
    {
        ["test"] = InCI,
        ["build"] = "make test",
        ["test-unit"] = "make test, which runs the same suites and one more",
        ["test-integration"] = "make test, which runs the same suite",
        ["fmt"] = "contributors; make verify checks what it does",
        ["publish"] = InCI,
        ["verify"] = InCI,
        ["e2e-vm"] = InCI,
        ["help"] = "the test below",
        ["demo"] = "people, for it is two minutes of show; its fleet, its faults and its hosts are those of Ostler.IntegrationTests",
        ["pictures"] = "whoever releases, and looks at what it took; PictureTests checks the result",
        ["demo-image"] = "whoever releases; the demo in it is that of make demo",
        ["manifests"] = "GeneratedFilesTests and ChartFilesTests, into a folder of their own",
        ["chart"] = "LifecycleTests packs, pushes and installs the chart with helm",
        ["smoke"] = InCI,
        ["dist"] = InCI,
        ["image"] = InCI,
        ["smoke-image"] = InCI,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Makefile => File.ReadAllText(Path.Combine(Documents.Root, "Makefile"));

    [Fact]
    public void Every_command_is_one_of_which_is_known_how_it_is_run()
    {
        Assert.InRange(DocumentedCommand.All.Count, 50, 500);
        Assert.Equal([], DocumentedCommand.All.Where(command => CommandChecks.Of(command) is null).Select(command => command.ToString()));
        Assert.All(Enum.GetValues<CommandCheck>(), check => Assert.NotEmpty(CommandChecks.All(check)));
    }

    /// <summary>Else its commands would be taken for output.</summary>
    [Fact]
    public void Every_console_block_begins_with_a_command() => Assert.All(
        Documents.All.SelectMany(document => Documents.BlocksOf(document, "console")), block => Assert.StartsWith("$ ", block, StringComparison.Ordinal));

    [Fact]
    public void A_command_in_a_list_is_found_with_its_output_and_without_its_indentation()
    {
        string[] lines =
        [
            "1. Check:", "", "   ```console", "   $ kubectl get nodes \\", "       -o wide", "   NAME   STATUS", "   ```", "",
            "Use `kubectl get`, then `ls -l`.",
        ];

        var found = DocumentedCommand.In("x.md", Documents.Unindented(lines));

        Assert.Equal(
            [("kubectl get nodes -o wide", false, "NAME   STATUS"), ("kubectl get", true, "")],
            found.Select(c => (c.Text, c.IsInText, string.Join('\n', c.Output))));
    }

    [Fact]
    public async Task Make_targets_and_their_variables_are_there()
    {
        var help = (await ToolCommand.RunAsync(["make", "-s", "-C", Documents.Root, "help"], Cancel)).EnsureSuccess().Stdout;

        foreach (var command in CommandChecks.All(CommandCheck.Make))
        {
            var (target, variables) = (command.Words[1], command.Words.Skip(2).Select(word => word.Split('=')).ToArray());
            Assert.True(Targets.TryGetValue(target, out var runner), $"{command}: who runs it?");
            Assert.True(runner != InCI || File.ReadAllText(Path.Combine(Documents.Root, InCI)).Contains($"make {target}\n", StringComparison.Ordinal), $"{InCI} does not run make {target}.");
            // The line of help says what a variable may be.
            var line = help.Split('\n').SingleOrDefault(l => l.StartsWith($"{target} ", StringComparison.Ordinal));
            Assert.True(line is not null, $"{command}: make help does not have it.");
            Assert.All(variables, variable =>
            {
                Assert.Matches($@"(?m)^{variable[0]} \?=", Makefile);
                Assert.True(Number().IsMatch(variable[1]) || line!.Contains(variable[1], StringComparison.Ordinal), $"{command}: make help does not name {variable[1]}.");
            });
            var dry = await ToolCommand.RunAsync(["make", "--dry-run", "-C", Documents.Root, .. command.Words.Skip(1)], Cancel);
            Assert.True(dry.ExitCode == 0, $"{command}: {dry.Stderr}");
        }
    }

    [Fact]
    public async Task Helm_and_kubectl_have_help_on_every_command_that_is_named()
    {
        var (kubectl, noKubectl) = await KubernetesTools.FindKubectlAsync(Cancel);
        var (helm, noHelm) = await KubernetesTools.FindHelmAsync(Cancel);
        Assert.SkipWhen(kubectl is null, noKubectl);
        Assert.SkipWhen(helm is null, noHelm);

        foreach (var command in CommandChecks.All(CommandCheck.Help))
        {
            var program = command.Words[0] == "helm" ? helm! : kubectl!;
            var help = await ToolCommand.RunAsync([program, .. command.Words.Skip(1), "--help"], Cancel);
            // For words that they do not know both print their own help, and succeed.
            Assert.True(help.ExitCode == 0 && help.Stdout.Contains($"{command.Text} ", StringComparison.Ordinal), $"{command}: {help.Stdout}{help.Stderr}");
        }
    }

    [GeneratedRegex("^[0-9]+%?$")]
    private static partial Regex Number();
}
