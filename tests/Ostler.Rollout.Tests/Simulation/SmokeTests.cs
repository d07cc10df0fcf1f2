using Ostler.Rollout.Simulation;
namespace Ostler.Rollout.Tests.Simulation;
public class SmokeTests
{
    [Fact]
    public void Print()
    {
        var s = new RolloutSimulation(Scenarios.Cluster(3));
        var done = s.Run();
        foreach (var l in s.World.Timeline) TestContext.Current.TestOutputHelper!.WriteLine(l.ToString());
        Console.WriteLine(string.Join("\n", s.World.Timeline));
        Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(s.World.Policies["edge"].Status!.Conditions));
        Assert.True(done);
    }
}
