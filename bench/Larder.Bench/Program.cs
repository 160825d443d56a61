Console.WriteLine("kernels");
