using System.CommandLine;
using System.Text.Json.Nodes;
using Ostler.Cli.Doctor;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;

namespace Ostler.Cli.Commands;

/// <summary><c>doctor</c>.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandRunner commands)
    {
        var space = CommandRunner.NamespaceOption();
        var output = CommandRunner.OutputOption("json", "yaml");
        const string Description = "Find what keeps nodes from being upgraded, and what to do: CRDs, controller, agents, policies, windows, conflicts, budgets. "
            + "Exit codes: 0 (nothing found), 1 (warnings), 2 (something is broken, or the cluster could not be checked)";
        return commands.With(new Command("doctor", Description) { space, output }, async (arguments, cancel) =>
        {
            try
            {
                using var client = commands.Connect(arguments);
                var shipped = DefinitionCheck.Shipped();
                var facts = await DoctorRun.ReadAsync(client, arguments.GetRequiredValue(space), shipped.Keys, commands.Environment.Time.GetUtcNow(), cancel);
                var findings = DoctorRun.Look(facts, shipped);
                if (arguments.GetValue(output) is OutputFormat.Json or OutputFormat.Yaml)
                {
                    await commands.Environment.Out.WriteAsync(ObjectText.Of(Document(findings), arguments.GetValue(output)));
                }
                else
                {
                    commands.Printer.Print(FindingText.Lines(findings));
                }

                return FindingText.ExitCodeOf(findings);
            }
            catch (Exception e) when (FailureText.Of(e) is { } failure)
            {
                throw new CommandException(failure.Text, exitCode: 2);
            }
        });
    }

    private static JsonObject Document(IReadOnlyList<Finding> findings) => new()
    {
        ["findings"] = new JsonArray([.. findings.Select(f =>
        {
            var finding = new JsonObject { ["severity"] = f.Severity.ToString(), ["subject"] = f.Subject, ["message"] = f.Message };
            if (f.Remedy is { } remedy)
            {
                finding["remedy"] = remedy;
            }

            return (JsonNode)finding;
        })]),
    };
}
