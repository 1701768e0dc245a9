// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: bytes that would be SELFDESTRUCT and DELEGATECALL if they were code stand in its data.
contract OpcodesInData is StandardToken {
    bytes32 public constant seal = 0xfffffff4f4f4f4ffffff5bfff45b33ff5bfff4fff45b5b33fffffff4f4f4f4ff;
    bytes public picture = hex"5b33ff5b3d3d3df4fff4f4f4ffff5b33ff00000033ff";

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}
}
