CREATE DATABASE /*!32312 IF NOT EXISTS*/ `journal` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */;
USE `journal`;
-- Dump completed
