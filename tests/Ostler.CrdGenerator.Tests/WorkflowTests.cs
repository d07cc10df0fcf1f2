using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;

namespace Ostler.CrdGenerator.Tests;

/// <summary>What .github has: CI runs what .ci/run runs, and the forms are ones that GitHub shows.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, ".github");

    [Fact]
    public void The_workflow_runs_every_step_of_CI_in_its_order()
    {
        var script = File.ReadAllText(Path.Combine(Repository.Root, ".ci", "run"));
        var steps = Step().Matches(script).Select(step => step.Groups[1].Value).ToArray();
        var runs = Jobs().SelectMany(job => Steps(job.Value!)).Select(step => (string?)step["run"]).OfType<string>()
            .Where(run => run.StartsWith("make ", StringComparison.Ordinal));

        Assert.InRange(steps.Length, 6, 20);
        Assert.Equal(steps, runs);
    }

    [Fact]
    public void Every_job_has_a_limit_and_fails_when_it_changes_the_source_tree() => Assert.All(Jobs(), job =>
    {
        Assert.InRange((long)job.Value!["timeout-minutes"]!, 10, 120);
        var runs = Steps(job.Value).Select(step => (string?)step["run"] ?? "").ToArray();
        var last = Array.FindLastIndex(runs, run => run.StartsWith("make ", StringComparison.Ordinal));
        Assert.Contains("git diff --exit-code --stat", runs.Skip(last));
    });

    [Fact]
    public void The_workflow_may_only_read() => Assert.Equal("""{"contents":"read"}""", Workflow()["permissions"]!.ToJsonString());

    [Theory]
    [InlineData("bug.yml")]
    [InlineData("feature.yml")]
    public void An_issue_form_has_what_GitHub_asks_of_it(string file)
    {
        var form = Read("ISSUE_TEMPLATE", file);

        Assert.All(
            new[] { "name", "description" },
            field => Assert.False(string.IsNullOrWhiteSpace((string?)form[field]), $"{file} has no {field}."));
        var fields = form["body"]!.AsArray().Where(field => (string?)field!["type"] != "markdown").ToArray();
        Assert.NotEmpty(fields);
        Assert.Equal(fields.Length, fields.Select(field => (string)field!["id"]!).Distinct(StringComparer.Ordinal).Count());
        Assert.All(fields, field => Assert.False(string.IsNullOrWhiteSpace((string?)field!["attributes"]!["label"])));
    }

    [Fact]
    public void Updates_are_proposed_for_packages_the_SDK_actions_and_the_base_image() => Assert.Equal(
        ["docker", "dotnet-sdk", "github-actions", "nuget"],
        Read("dependabot.yml")["updates"]!.AsArray().Select(update => (string)update!["package-ecosystem"]!).Order(StringComparer.Ordinal));

    private static JsonObject Workflow() => Read("workflows", "ci.yml");

    private static JsonObject Jobs() => Workflow()["jobs"]!.AsObject();

    private static IEnumerable<JsonNode> Steps(JsonNode job) => job["steps"]!.AsArray().OfType<JsonNode>();

    private static JsonObject Read(params string[] path) =>
        Assert.Single(YamlDocuments.Read(File.ReadAllText(Path.Combine([Folder, .. path]))));

    [GeneratedRegex(@"(?m)^step \S+ (make .+)$")]
    private static partial Regex Step();
}
