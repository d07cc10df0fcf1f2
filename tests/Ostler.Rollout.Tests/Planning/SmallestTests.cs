using Ostler.Rollout.Text;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Planning;

public class SmallestTests
{
    [Fact]
    public void It_keeps_what_sorting_all_and_taking_the_first_would()
    {
        var random = new SeededSequence(5);
        for (var round = 0; round < 200; round++)
        {
            int[] all = [.. Enumerable.Range(0, random.Below(300)).Select(_ => random.Below(100))];
            var most = random.Below(320);
            using var smallest = new TopK<int>(most);
            foreach (var item in all)
            {
                smallest.Add(item);
            }

            Assert.Equal(all.Order().Take(most), smallest.InOrder().ToArray());
        }
    }
}
